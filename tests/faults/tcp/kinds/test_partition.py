"""`partition` keeps one direction until it is over; then all arrives, since TCP sends it again."""

from __future__ import annotations

from tests.faults.tcp.wiring import MS, Wire, toxic


def test_nothing_arrives_until_it_is_over() -> None:
    """Bytes and the end wait, the other direction does not; taken away, all arrives in order."""
    wire = Wire(toxic("partition"))
    wire.send("upstream", b"q", 1)
    wire.send("downstream", b"abc", 2)
    wire.send("downstream", b"def", 3)
    wire.end("downstream", 4)
    assert wire.all() == [(1, "upstream", b"q")]
    wire.change(at_ns=9)
    assert wire.bytes_of("downstream") == b"abcdef" and wire.got[-1] == (9, "downstream", "fin")
    assert wire.tally().applied == 1


def test_a_window_ends_it() -> None:
    """In a span of time it keeps what comes then, an end too, and gives it back at the end of the span."""
    wire = Wire(toxic("partition", window=("5ms", "9ms")))
    for at_ms in (4, 5, 8):
        wire.send("downstream", b"%d" % at_ms, at_ms * MS)
    wire.send("downstream", b"9", 9 * MS)
    assert [(at_ns // MS, data) for at_ns, _, data in wire.all()] == [(4, b"4"), (9, b"5"), (9, b"8"), (9, b"9")]
    wire.connect(0)
    wire.end("downstream", 6 * MS)
    assert wire.all() == [(9 * MS, "downstream", "fin")]


def test_much_that_waits_stops_the_sender() -> None:
    """What waits fills the room of the stream, as a window of TCP."""
    wire = Wire(toxic("partition"))
    wire.engine.held_bytes_max = 10
    wire.send("downstream", bytes(10))
    assert not wire.link.has_room("downstream")
