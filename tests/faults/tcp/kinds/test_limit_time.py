"""`limit_time` lets bytes flow and then closes the connection."""

from __future__ import annotations

from tests.faults.tcp.wiring import MS, Wire, toxic


def test_bytes_flow_until_then() -> None:
    """What comes before the time arrives, what comes at it or later does not, however late somebody looks."""
    wire = Wire(toxic("limit_time", time=4))
    wire.send("downstream", b"abc", 4 * MS - 1)
    wire.link.received("upstream", b"late", 5 * MS)
    wire.look(5 * MS)
    assert [what for _, _, what in wire.got] == [b"abc", "cut fin fin"]
    assert wire.link.flows["upstream"].given == "fin" and wire.link.flows["upstream"].sent == 0


def test_from_a_message() -> None:
    """With a schedule the time begins with the struck message."""
    wire = Wire(toxic("limit_time", time=4, after=1, stream="upstream"))
    for at_ms in (0, 10):
        wire.send("upstream", b"q", at_ms * MS)
        wire.send("downstream", b"r", at_ms * MS)
    assert wire.all()[-1] == (14 * MS, "upstream", "cut fin fin") and wire.bytes_of("downstream") == b"rr"
