"""`packet_loss` is retransmission: no byte is missing, some come later, by 200 ms and then twice as much each time."""

from __future__ import annotations

import pytest

from fozzy.core.wires import Spoken
from fozzy.errors import InputError
from fozzy.faults.tcp.kinds.packet_loss import PACKET_BYTES, RTO_MS, wait_ms
from tests.faults.tcp.wiring import MS, Wire, toxic

SIZE = 1_000_000
STEPS_MS = {wait_ms(losses) for losses in range(16)}


def download(loss_rate: float, seed: int = 7, **said: object) -> tuple[int, list[int]]:
    """How long a megabyte takes, in ms, and the times at which something of it came."""
    wire = Wire(toxic("packet_loss", loss_rate=loss_rate, **said), seed=seed)
    data = bytes(range(250)) * (SIZE // 250)
    wire.send("downstream", data)
    times = [at_ns // MS for at_ns, _, _ in wire.all()]
    assert wire.bytes_of("downstream") == data and times == sorted(times)
    return times[-1], times


def test_all_arrives_and_takes_longer() -> None:
    """A megabyte at 10, 20 and 30 %: whole, at the times of retransmissions, and longer the more is lost."""
    took = [download(rate)[0] for rate in (0, 0.1, 0.2, 0.3)]
    assert took == sorted(took) and took[0] == 0 and took[1] >= 3 * RTO_MS and took[-1] > took[1]
    assert set(download(0.3)[1]) <= STEPS_MS and download(0.3)[1] == download(0.3)[1] != download(0.3, seed=8)[1]


def test_waits_double() -> None:
    """Losses of one packet wait 200, 400, 800 ms and so on, at most two minutes each."""
    assert [wait_ms(losses) for losses in (0, 1, 2, 3, 4)] == [0, 200, 600, 1400, 3000]
    assert wait_ms(15) - wait_ms(14) == 120_000


def test_the_record_says_how_many() -> None:
    """A message says how many of its packets were lost, about as many as the rate, and its planned delay."""
    wire = Wire(toxic("packet_loss", loss_rate=0.2))
    wire.send("downstream", bytes(1000 * PACKET_BYTES))
    wire.send("upstream", b"q", 10**12)
    wire.send("downstream", b"r", 10**12)
    record = next(each for each in wire.records if isinstance(each, Spoken) and each.stream == "downstream")
    lost, packets = record.struck[0].said.split(" packets")[0].split(" of ")
    assert packets == "1000" and 150 < int(lost) < 250 and record.delay_ns // MS in STEPS_MS - {0}


def test_without_a_loss_it_did_nothing() -> None:
    """A toxic that lost no packet was not applied, and says why."""
    wire = Wire(toxic("packet_loss", loss_rate=0))
    wire.send("downstream", b"abc")
    wire.close()
    assert (wire.tally().applied, wire.tally().reasons) == (0, {"none_lost": 1})


def test_correlated_losses_come_together() -> None:
    """With correlation about as many packets are lost, in longer runs."""
    runs = []
    for correlation in (0, 0.9):
        wire = Wire(toxic("packet_loss", loss_rate=0.3, correlation=correlation))
        stage = wire.link.flows["downstream"].lane.stages[0]
        lost = []
        wire.send("downstream", b"x")
        for at in range(1, 3000):
            wire.link.received("downstream", bytes(PACKET_BYTES), 0)
            lost.append(stage._losses > 0)  # type: ignore[attr-defined]
        assert 600 < sum(lost) < 1200
        runs.append(sum(one != other for one, other in zip(lost, lost[1:], strict=False)))
    assert runs[1] < runs[0] / 4


def test_what_cannot_be() -> None:
    """All lost is a partition, and a packet cannot always be as the one before it."""
    for said in ({"loss_rate": 1}, {"loss_rate": 0.1, "correlation": 1}, {}):
        with pytest.raises(InputError):
            Wire(toxic("packet_loss", **said))
