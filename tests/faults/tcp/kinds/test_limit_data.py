"""`limit_data` closes the connection after so many bytes, of a connection or of a message."""

from __future__ import annotations

from tests.faults.tcp.wiring import Wire, toxic


def test_of_a_connection() -> None:
    """Four bytes arrive, then both sides see the end; each connection has its own four."""
    wire = Wire(toxic("limit_data", bytes=4))
    for at_ns in (0, 9):
        wire.connect(at_ns)
        wire.send("downstream", b"abc", at_ns)
        wire.send("downstream", b"def", at_ns + 1)
        ends = [(at_ns + 1, "downstream", b"d"), (at_ns + 1, "downstream", "cut fin fin")]
        assert wire.all() == [(at_ns, "downstream", b"abc"), *ends]
        wire.close()
    assert wire.tally().applied == 2


def test_of_a_message() -> None:
    """With a schedule the struck message is cut, not those before it; a shorter one is bypassed."""
    wire = Wire(toxic("limit_data", bytes=4, every=2))
    for at, reply in enumerate((b"abcdef", b"abc", b"abcdef", b"abcdef")):
        wire.send("upstream", b"q", 2 * at)
        wire.send("downstream", reply, 2 * at + 1)
    assert wire.bytes_of("downstream") == b"abcdefabcabcdefabcd" and wire.all()[-1][2] == "cut fin fin"
    assert (wire.tally().hit, wire.tally().applied) == (2, 1)
    wire.close()
    assert wire.tally().reasons == {"too_short": 1}


def test_of_nothing() -> None:
    """With 0 the first byte closes the connection, and does not arrive."""
    wire = Wire(toxic("limit_data", bytes=0))
    assert wire.all() == []
    wire.send("downstream", b"abc", 3)
    assert wire.got == [(3, "downstream", "cut fin fin")]
