"""`half_close` ends one direction; the other goes on."""

from __future__ import annotations

from tests.faults.tcp.wiring import Wire, toxic


def test_one_direction_ends() -> None:
    """The client sees the end at once; its bytes still reach the server, whose answers are thrown away."""
    wire = Wire(toxic("half_close"))
    wire.send("upstream", b"abc", 3)
    wire.send("downstream", b"def", 4)
    wire.end("upstream", 5)
    wire.end("downstream", 6)
    assert wire.all() == [(0, "downstream", "fin"), (3, "upstream", b"abc"), (5, "upstream", "fin")]
    wire.close()
    assert wire.tally().applied == 1 and (wire.records[-1].downstream.bytes, wire.records[-1].downstream.sent) == (3, 0)


def test_from_a_message() -> None:
    """With a schedule what came before the struck message arrives."""
    wire = Wire(toxic("half_close", after=1))
    for at in (0, 2):
        wire.send("upstream", b"q", at)
        wire.send("downstream", b"r", at + 1)
    assert [each for each in wire.all() if each[1] == "downstream"] == [
        (1, "downstream", b"r"),
        (3, "downstream", "fin"),
    ]
