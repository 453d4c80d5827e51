"""Links deliver what they are given as their setting says: late, lost, twice, out of order, or held."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.choice import CHANCES
from fozzy.core.sources import Mutated
from fozzy.sim.cluster import Cluster
from fozzy.sim.network import LOOPBACK_NS, RETRANSMIT_NS, Link, range_of, sampler
from fozzy.sim.settings import LinkSetting, Spread
from tests.sim.harness import MS, S, choices_of, fixed, linked, setting_of, uniform


class Wire:
    """A cluster of two silent machines and what arrives from the first at the second."""

    def __init__(self, setting: LinkSetting, seed: int | None = 1, source: Any = None) -> None:
        choices, self.records = choices_of(seed, source)
        self.cluster = Cluster(setting_of((lambda: None, lambda: None), link=setting), choices)
        self.kernel = self.cluster.kernel
        self.link: Link = self.cluster.network.link(*self.cluster.nodes)
        self.arrived: list[tuple[int, int]] = []

    def send(self, number: int, size: int = 0) -> None:
        self.link.send(lambda given: self.arrived.append((given, self.kernel.clock.now)), number, size)

    def sends(self, count: int, every_ns: int = 0) -> list[int]:
        """What arrives of so many."""
        for number in range(count):
            self.kernel.later(number * every_ns, lambda _arg, number=number: self.send(number))
        self.kernel.run(1000 * S)
        return [number for number, _ in self.arrived]


def test_a_latency_is_drawn_within_its_bounds() -> None:
    """Every parcel takes its own time, never less than the least nor more than the most."""
    wire = Wire(linked(uniform(2 * MS, 5 * MS), reorder=True))
    assert sorted(wire.sends(200)) == list(range(200))
    times = [when for _, when in wire.arrived]
    assert min(times) >= 2 * MS
    assert max(times) <= 5 * MS
    assert len(set(times)) > 100


def test_datagrams_keep_their_order_unless_the_link_reorders() -> None:
    """What is sent later comes later; with `reorder` it may come first."""
    assert Wire(linked(uniform(MS, 50 * MS))).sends(50, MS) == list(range(50))
    mixed = Wire(linked(uniform(MS, 50 * MS), reorder=True)).sends(50, MS)
    assert mixed != list(range(50))
    assert sorted(mixed) == list(range(50))


def test_a_link_loses_and_doubles() -> None:
    """At the rate it is given; nothing at a rate of zero, and then nothing is drawn."""
    lost = Wire(linked(loss=0.3)).sends(1000)
    assert 600 < len(lost) < 800
    assert len(set(lost)) == len(lost)
    doubled = Wire(linked(duplicate=0.3)).sends(1000)
    assert 1200 < len(doubled) < 1400
    assert set(doubled) == set(range(1000))
    plain = Wire(linked())
    assert plain.sends(10) == list(range(10))
    plain.kernel.log.flush()
    assert plain.records == []
    assert Wire(linked(loss=1.0)).sends(10) == []


def test_the_boring_choice_is_the_least_latency_and_no_loss() -> None:
    """Where every draw is zero, all arrives at once and in order."""
    for spread in (uniform(MS, 9 * MS), EXPONENTIAL):
        wire = Wire(linked(spread, loss=0.9, duplicate=0.9), None)
        assert wire.sends(20) == list(range(20))
        assert {when for _, when in wire.arrived} == {spread.low_ns}


def test_bandwidth_makes_a_queue() -> None:
    """What is large takes its time, and what comes behind it waits."""
    wire = Wire(linked(MS, bandwidth_bytes_s=1000))
    wire.send(1, 500)
    wire.send(2, 500)
    wire.kernel.run(10 * S)
    assert wire.arrived == [(1, 501 * MS), (2, 1001 * MS)]


def test_a_cut_holds_and_a_heal_releases_in_order() -> None:
    """What was sent in the cut, and what was under way, arrives after it in its order."""
    wire = Wire(linked(10 * MS))
    for number, when in enumerate((0, 5, 15, 20)):
        wire.kernel.later(when * MS, lambda _arg, number=number: wire.send(number))
    wire.kernel.later(8 * MS, lambda _arg: wire.link.cut())
    wire.kernel.later(50 * MS, lambda _arg: wire.link.heal())
    wire.kernel.run(40 * MS)
    assert wire.arrived == []
    assert wire.kernel.in_flight == 0
    wire.kernel.run(S)
    assert [number for number, _ in wire.arrived] == [0, 1, 2, 3]
    assert min(when for _, when in wire.arrived) >= 50 * MS


@given(
    sent=st.lists(st.integers(0, 200), max_size=20),
    cuts=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 50)), max_size=6),
    seed=st.integers(0, 20),
)
def test_cuts_lose_nothing_and_keep_the_order(sent: list[int], cuts: list[tuple[int, int]], seed: int) -> None:
    """Whenever links are cut and mended, every datagram arrives once and in order."""
    wire = Wire(linked(uniform(MS, 60 * MS)), seed)
    for number, when in enumerate(sorted(sent)):
        wire.kernel.later(when * MS, lambda _arg, number=number: wire.send(number))
    for at, lasts in cuts:
        wire.kernel.later(at * MS, lambda _arg: wire.link.cut())
        wire.kernel.later((at + lasts) * MS, lambda _arg: wire.link.heal())
    wire.kernel.run(1000 * S)
    assert [number for number, _ in wire.arrived] == list(range(len(sent)))


def test_several_faults_cut_one_link() -> None:
    """It is whole again when all have ended; `wholly` ends them all."""
    wire = Wire(linked())
    wire.link.cut()
    wire.link.cut()
    wire.send(1)
    wire.link.heal()
    wire.kernel.run(S)
    assert wire.arrived == []
    wire.link.heal(wholly=True)
    wire.link.heal()
    wire.kernel.run(2 * S)
    assert [number for number, _ in wire.arrived] == [1]
    wire.kernel.log.flush()
    assert [record.name for record in wire.records] == ["link.cut", "link.heal", "link.released"]  # type: ignore[union-attr]


def test_losses_of_faults_add_up_and_go_without_a_trace() -> None:
    """After the last fault nothing is drawn any more."""
    wire = Wire(linked())
    for rate in (0.1, 0.2, 0.7):
        wire.link.extra_losses.append(rate)
    assert wire.sends(20) == []
    for rate in (0.2, 0.1, 0.7):
        wire.link.extra_losses.remove(rate)
    assert not wire.link.is_lossy
    wire.kernel.log.flush()
    before = len(wire.records)
    assert wire.sends(5) == list(range(5))
    wire.kernel.log.flush()
    assert len(wire.records) == before


def test_a_stream_waits_longer_each_time_its_segment_is_lost() -> None:
    """Retransmission doubles, and ends."""
    lost = CHANCES - 1
    for times, waited in ((0, 0), (1, 1), (2, 3), (3, 7), (20, 255)):
        wire = Wire(linked(loss=0.5), source=tape("net.loss.n0>n1", [lost] * times))
        assert wire.link.lost_ns() == waited * RETRANSMIT_NS


def test_what_is_carried_arrives_once() -> None:
    """Loss is delay for it, and it is not doubled."""
    wire = Wire(linked(loss=0.5, duplicate=0.5))
    for number in range(50):
        wire.link.carry(lambda given: wire.arrived.append((given, wire.kernel.clock.now)), number)
    wire.link.cut()
    wire.link.carry(lambda given: wire.arrived.append((given, wire.kernel.clock.now)), 50)
    wire.link.heal()
    wire.kernel.run(1000 * S)
    assert [number for number, _ in wire.arrived] == list(range(51))
    assert wire.arrived[-1][1] > RETRANSMIT_NS


def test_a_latency_may_grow() -> None:
    """A fault adds to what is drawn."""
    wire = Wire(linked(MS))
    wire.link.extra_ns += 5 * MS
    wire.sends(1)
    assert wire.arrived == [(0, 6 * MS)]


def test_a_machine_reaches_itself_at_once_whatever_the_network_is() -> None:
    """The loopback has its own setting and is never cut."""
    wire = Wire(linked(50 * MS, loss=1.0))
    node = wire.cluster.nodes[0]
    own = wire.cluster.network.link(node, node)
    wire.cluster.cut(wire.cluster.nodes, wire.cluster.nodes)
    own.send(lambda given: wire.arrived.append((given, wire.kernel.clock.now)), 1, 0)
    wire.kernel.run(S)
    assert wire.arrived == [(1, LOOPBACK_NS)]


@pytest.mark.parametrize(
    ("word", "index"),
    [("n0", 0), ("N0", 0), ("n0.", 0), ("10.0.0.2", 1), ("localhost", 1), ("", 1), ("127.0.0.5", 1), ("nobody", None)],
)
def test_names_and_addresses_are_machines(word: str, index: int | None) -> None:
    """As one of them sees it."""
    wire = Wire(linked())
    nodes = wire.cluster.nodes
    assert wire.cluster.network.host(word, nodes[1]) is (None if index is None else nodes[index])


EXPONENTIAL = Spread(kind="exponential", low_ns=0, high_ns=100 * MS, mean_ns=5 * MS)
NORMAL = Spread(kind="normal", low_ns=0, high_ns=26 * MS, mean_ns=10 * MS, deviation_ns=2 * MS)


@given(drawn=st.integers(0, (1 << 32) - 1))
def test_every_spread_keeps_its_bounds(drawn: int) -> None:
    """Whatever is drawn, the time lies between the least and the most."""
    for spread in (EXPONENTIAL, NORMAL, uniform(MS, 3 * MS)):
        value = sampler(spread)(drawn % (range_of(spread) + 1))
        assert spread.low_ns <= value <= spread.high_ns
        assert isinstance(value, int)


def test_spreads_have_their_means() -> None:
    """Many samples have about the mean and the deviation that were asked for; zero is the boring one."""
    for spread in (EXPONENTIAL, NORMAL):
        sample, step = sampler(spread), (1 << 32) // 4099
        values = [sample(drawn * step * 2654435761 % (1 << 32)) for drawn in range(4099)]
        mean = sum(values) / len(values)
        assert abs(mean - spread.mean_ns) < spread.mean_ns * 0.1
    assert sampler(NORMAL)(0) == NORMAL.mean_ns
    assert sampler(EXPONENTIAL)(0) == 0
    assert range_of(fixed(MS)) == 0
    assert range_of(Spread(kind="normal", low_ns=MS, high_ns=MS, mean_ns=MS)) == 0


def tape(label: str, values: list[int]) -> Mutated:
    """A source that has these values, and else the boring ones."""
    from fozzy.core.events import Draw

    return Mutated([Draw(0, "", label, 0, 0, value) for value in values])
