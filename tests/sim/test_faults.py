"""Faults strike when they were drawn to, last as long, and are told with whom they strike."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from fozzy.core.events import Draw
from fozzy.sim.cluster import Cluster
from fozzy.sim.faults import RESTART_NS, STRIKES, Faults
from fozzy.sim.settings import ClusterSetting, FaultKind, FaultSetting, Moment, NodeSetting
from tests.sim.harness import MS, S, choices_of, linked

NAMES = ("n0", "n1", "n2")


def at(low_ns: int, high_ns: int | None = None) -> Moment:
    """A time."""
    return Moment(low=low_ns, high=low_ns if high_ns is None else high_ns)


class Struck:
    """A cluster of stores with faults, and its events."""

    def __init__(self, *faults: FaultSetting, seed: int | None = 1) -> None:
        choices, self.records = choices_of(seed)
        nodes = tuple(NodeSetting(name=name) for name in NAMES)
        self.cluster = Cluster(ClusterSetting(nodes=nodes, link=linked(), faults=faults), choices)
        self.faults = Faults(self.cluster, faults)
        self.cluster.start()

    def events(self, until_ns: int = 50 * S) -> list[Any]:
        """What happened until an instant: time, name, fields."""
        self.cluster.tick(until_ns - self.cluster.kernel.clock.now)
        self.cluster.kernel.log.flush()
        told = [each for each in self.records if not isinstance(each, Draw)]
        return [(each.t, each.name, each.fields) for each in told if each.name != "node.start"]  # type: ignore[union-attr]


def test_every_kind_has_its_way_to_strike() -> None:
    """None is forgotten."""
    assert set(STRIKES) == set(get_args(FaultKind))


def test_a_partition_cuts_both_ways_and_ends() -> None:
    """Between every pair of its groups; one-way only from the first to the second."""
    sides = (("n0",), ("n1", "n2"))
    both = FaultSetting(name="p", kind="partition", at=at(S), lasts=at(2 * S), between=sides)
    told = Struck(both).events()
    assert [(when, name) for when, name, _ in told] == (
        [(S, "fault.strike"), *[(S, "link.cut")] * 4, (3 * S, "fault.end"), *[(3 * S, "link.heal")] * 4]
    )
    assert told[0][2] == {"name": "p", "kind": "partition", "between": [["n0"], ["n1", "n2"]]}
    oneway = FaultSetting(name="p", kind="partition", at=at(S), between=sides, oneway=True)
    told = Struck(oneway).events()
    assert [fields for _, name, fields in told if name == "link.cut"] == [
        {"from": "n0", "to": "n1"}, {"from": "n0", "to": "n2"},
    ]  # fmt: skip
    assert "link.heal" not in [name for _, name, _ in told]


def test_two_partitions_of_one_link_end_by_themselves() -> None:
    """The link is mended when the last of them ends."""
    sides = (("n0",), ("n1",))
    faults = [
        FaultSetting(name=f"p{number}", kind="partition", at=at(number * S), lasts=at(3 * S), between=sides)
        for number in (1, 2)
    ]
    told = Struck(*faults).events()
    assert [when for when, name, _ in told if name == "link.cut"] == [S, S]
    assert [when for when, name, _ in told if name == "link.heal"] == [5 * S, 5 * S]


@pytest.mark.parametrize(
    ("kind", "lasts", "back"), [("crash", None, None), ("restart", None, S + RESTART_NS), ("restart", 5 * S, 6 * S)]
)
def test_power_goes_and_comes_back(kind: Any, lasts: int | None, back: int | None) -> None:
    """A crash is for good, a restart ends after its time or the usual."""
    fault = FaultSetting(name="f", kind=kind, at=at(S), lasts=None if lasts is None else at(lasts), nodes=("n1",))
    struck = Struck(fault)
    told = struck.events()
    assert [when for when, name, _ in told if name == "node.crash"] == [S]
    assert [when for when, name, _ in told if name == "node.restart"] == ([] if back is None else [back])
    assert struck.cluster.nodes[1].is_up is (back is not None)
    assert told[0][2] == {"name": "f", "kind": kind, "node": "n1"}


def test_a_restart_of_a_machine_that_somebody_started_again_starts_it_no_second_time() -> None:
    """What is up stays up."""
    struck = Struck(FaultSetting(name="f", kind="restart", at=at(S), lasts=at(5 * S), nodes=("n1",)))
    struck.events(2 * S)
    struck.cluster.restart(struck.cluster.nodes[1])
    told = struck.events()
    assert [when for when, name, _ in told if name == "node.restart"] == [2 * S]
    assert struck.cluster.nodes[1].incarnation == 2


def test_a_pause_ends() -> None:
    """With the fault."""
    told = Struck(FaultSetting(name="f", kind="pause", at=at(S), lasts=at(S), nodes=("n2",))).events()
    assert [(when, name) for when, name, _ in told] == [
        (S, "fault.strike"), (S, "node.pause"), (2 * S, "fault.end"), (2 * S, "node.resume"),
    ]  # fmt: skip


def test_latency_and_loss_strike_links_and_leave_nothing_behind() -> None:
    """Those they name, or all between nodes."""
    faults = [
        FaultSetting(name="slow", kind="latency", at=at(S), lasts=at(4 * S), from_node="n0", add_ns=50 * MS),
        FaultSetting(name="lossy", kind="loss", at=at(S), lasts=at(4 * S), to_node="n2", rate=0.1),
        FaultSetting(name="lossier", kind="loss", at=at(2 * S), lasts=at(4 * S), rate=0.2),
    ]
    struck = Struck(*faults)
    nodes, link = struck.cluster.nodes, struck.cluster.network.link
    struck.events(3 * S)
    assert link(nodes[0], nodes[1]).extra_ns == link(nodes[0], nodes[2]).extra_ns == 50 * MS
    assert link(nodes[1], nodes[0]).extra_ns == 0
    assert sorted(link(nodes[0], nodes[2]).extra_losses) == [0.1, 0.2]
    assert link(nodes[0], nodes[1]).extra_losses == [0.2]
    struck.events(10 * S)
    for one in nodes:
        for other in nodes:
            assert link(one, other).extra_ns == 0
            assert not link(one, other).is_lossy


def test_times_and_victims_are_drawn_under_the_faults_own_labels() -> None:
    """In microseconds; zero is the first of them."""
    fault = FaultSetting(name="f", kind="pause", at=at(S, 3 * S), lasts=at(MS, S), nodes=NAMES)
    seen = set()
    for seed in range(20):
        struck = Struck(fault, seed=seed)
        told = struck.events()
        (when, _, fields), end = told[0], told[-1][0]
        assert S <= when <= 3 * S
        assert MS <= end - when <= S
        seen.add(fields["node"])
        labels = [each.label for each in struck.records if isinstance(each, Draw)]
        assert labels == ["fault.f.at", "fault.f.pick", "fault.f.for"]
        assert {each.at for each in struck.records if isinstance(each, Draw)} == {"distributed.faults[0]"}
    assert seen == set(NAMES)
    told = Struck(fault, seed=None).events()
    assert (told[0][0], told[0][2]["node"], told[-1][0]) == (S, "n0", S + MS)


def test_a_fault_may_strike_before_a_step() -> None:
    """Before the one that was drawn, once, whatever the time."""
    fault = FaultSetting(name="f", kind="crash", at=Moment(by="step", low=1, high=3), nodes=("n0",))
    steps = set()
    for seed in range(20):
        struck = Struck(fault, seed=seed)
        for step in range(5):
            struck.faults.before_step(step)
            if not struck.cluster.nodes[0].is_up:
                steps.add(step)
                break
    assert steps == {1, 2, 3}
