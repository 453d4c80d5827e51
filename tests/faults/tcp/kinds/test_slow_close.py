"""`slow_close` delays the end of a stream, and nothing else."""

from __future__ import annotations

from tests.faults.tcp.wiring import MS, Wire, toxic


def test_the_end_comes_later() -> None:
    """Bytes pass at once, the end of this stream after the delay, that of the other at once."""
    wire = Wire(toxic("slow_close", delay=4))
    wire.send("downstream", b"abc", 3)
    wire.end("downstream", 5)
    wire.end("upstream", 5)
    assert wire.all() == [(3, "downstream", b"abc"), (5, "upstream", "fin"), (4 * MS + 5, "downstream", "fin")]
    wire.close()
    assert wire.tally().applied == 1 and wire.records[-1].struck[0].delay_ns == 4 * MS


def test_only_struck_connections() -> None:
    """A schedule counts connections."""
    wire = Wire(toxic("slow_close", delay=4, after=1))
    wire.end("downstream", 5)
    first = wire.all()
    wire.connect(9)
    wire.end("downstream", 10)
    assert first == [(5, "downstream", "fin")] and wire.all() == [(10 + 4 * MS, "downstream", "fin")]


def test_an_end_by_another_toxic_waits_too() -> None:
    """Whoever ends the connection: the delay is the same."""
    wire = Wire(toxic("limit_data", bytes=1), toxic("slow_close", delay=4))
    wire.send("downstream", b"abc")
    assert wire.all() == [(0, "downstream", b"a"), (4 * MS, "downstream", "cut fin fin")]
