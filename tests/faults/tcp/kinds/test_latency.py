"""`latency` delays each message by its own amount, and order stays."""

from __future__ import annotations

from tests.faults.tcp.wiring import MS, Wire, toxic


def delays(seed: int = 7, count: int = 200, **said: object) -> list[int]:
    """The delay of so many replies, each long after the one before it."""
    wire = Wire(toxic("latency", **said), seed=seed)
    for at in range(count):
        wire.send("upstream", b"q", at * 10**12)
        wire.send("downstream", b"r", at * 10**12)
        wire.all()
    return [at_ns % 10**12 for at_ns, stream, _ in wire.got if stream == "downstream"]


def test_fixed_and_jitter() -> None:
    """200 ± 50 ms is between 150 and 250 and uses that, the same for the same seed and not for another."""
    assert delays(latency=200, count=3) == [200 * MS] * 3
    found = delays(latency=200, jitter=50)
    assert all(150 * MS <= delay <= 250 * MS for delay in found) and max(found) - min(found) > 90 * MS
    assert found == delays(latency=200, jitter=50) != delays(8, latency=200, jitter=50)


def test_order_stays() -> None:
    """What came earlier arrives earlier, though its delay is longer."""
    wire = Wire(toxic("latency", latency=100, jitter=100))
    for at in range(50):
        wire.send("upstream", b"q", at)
        wire.send("downstream", bytes([at]), at)
    wire.end("downstream", 50)
    wire.all()
    assert wire.bytes_of("downstream") == bytes(range(50)) and wire.got[-1][2] == "fin"


def test_every_other() -> None:
    """A pattern picks messages, and the record of each says its delay."""
    assert delays(latency=5, pattern="F.F", count=4) == [5 * MS, 0, 5 * MS, 0]
    wire = Wire(toxic("latency", latency=5, first=1))
    wire.send("downstream", b"r")
    wire.send("upstream", b"q", MS)
    wire.all()
    record = next(each for each in wire.records if each.stream == "downstream")
    assert record.delay_ns == 5 * MS and record.struck[0].applied


def test_nothing_arrives_before_it_came() -> None:
    """A jitter that is more than the latency never makes a delay less than nothing."""
    found = delays(latency=5, jitter=50)
    assert min(found) == 0 < max(found) <= 55 * MS
