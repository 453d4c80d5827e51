"""`bandwidth` lets bytes through at its rate, each connection and direction apart."""

from __future__ import annotations

from tests.faults.tcp.wiring import MS, Wire, toxic


def test_bytes_leave_at_the_rate() -> None:
    """Of 25 bytes at 1,000 a second the last leaves after 25 ms, in slices of 10 ms."""
    wire = Wire(toxic("bandwidth", rate=1))
    wire.send("downstream", bytes(25))
    assert [(at_ns // MS, len(data)) for at_ns, _, data in wire.all()] == [(10, 10), (20, 10), (25, 5)]
    wire.send("downstream", bytes(5), 100 * MS)
    assert wire.all()[3:] == [(105 * MS, "downstream", bytes(5))]


def test_the_other_direction_is_free() -> None:
    """Only the toxic's own stream is paced, and the end comes behind the bytes."""
    wire = Wire(toxic("bandwidth", rate=1))
    wire.send("upstream", b"abc")
    wire.send("downstream", b"abc")
    wire.end("downstream")
    assert wire.all() == [(0, "upstream", b"abc"), (3 * MS, "downstream", b"abc"), (3 * MS, "downstream", "fin")]


def test_only_struck_messages_are_paced() -> None:
    """With a schedule the messages that are not struck cost nothing, but wait for those before them."""
    wire = Wire(toxic("bandwidth", rate=1, first=1))
    wire.send("downstream", b"abc")
    wire.send("upstream", b"q", 1)
    wire.send("downstream", b"def", 1)
    got = [each for each in wire.all() if each[1] == "downstream"]
    assert got == [(3 * MS, "downstream", b"abc"), (3 * MS, "downstream", b"def")]
    assert wire.tally().applied == 1


def test_what_waits_is_counted_and_given_back() -> None:
    """Bytes that wait fill the room of the stream, and go at once when the toxic is taken away."""
    wire = Wire(toxic("bandwidth", rate=1))
    wire.engine.held_bytes_max = 20
    wire.send("downstream", bytes(25))
    assert not wire.link.has_room("downstream") and wire.link.has_room("upstream")
    wire.change(at_ns=MS)
    assert wire.got == [(MS, "downstream", bytes(25))] and wire.link.has_room("downstream")
