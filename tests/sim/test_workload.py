"""Workloads are operations that clients make by themselves, each client one after the other."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fozzy.core.events import Draw
from fozzy.sim.cluster import Cluster
from fozzy.sim.history import Operation
from fozzy.sim.settings import ClusterSetting, NodeSetting
from fozzy.sim.workload import Kind, Workload
from tests.sim.harness import MS, S, choices_of, fixed, linked, uniform


class Worked:
    """A cluster of stores, a workload that has ended, and what it did."""

    def __init__(self, kinds: Any, pause: Any = None, *, clients: int = 2, count: int = 20, **more: Any) -> None:
        choices, self.records = choices_of(more.pop("seed", 1))
        nodes = tuple(NodeSetting(name=f"n{index}") for index in range(3))
        self.cluster = Cluster(ClusterSetting(nodes=nodes, link=linked(**more)), choices)
        self.cluster.start()
        made = [
            Kind(op, [self.cluster.nodes[index] for index in where], args, weight) for op, where, args, weight in kinds
        ]
        done = Workload(self.cluster, "load", made, pause).start(clients, count)
        assert not self.cluster.workloads[0].done
        self.cluster.wait(done)
        self.history: list[Operation] = self.cluster.clients.history
        self.cluster.kernel.log.flush()


PUT = ("put", (0, 1, 2), {"key": {"any": ["a", "b"]}, "value": {"unique": True}}, 1)
GET = ("get", (0,), {"key": "a"}, 3)


def test_every_client_does_so_many_one_after_the_other() -> None:
    """None of one client overlaps another of its own; those of different clients do."""
    history = Worked([PUT, GET], clients=3, count=15, latency=uniform(MS, 9 * MS)).history
    assert Counter(entry.client for entry in history) == {"load.0": 15, "load.1": 15, "load.2": 15}
    for client in ("load.0", "load.1", "load.2"):
        own = [entry for entry in history if entry.client == client]
        assert all(before.end_ns <= after.start_ns for before, after in zip(own, own[1:], strict=False))  # type: ignore[operator]
    assert any(
        one.client != other.client and one.start_ns < other.start_ns < one.end_ns  # type: ignore[operator]
        for one in history for other in history
    )  # fmt: skip


def test_operations_are_drawn_by_weight_and_values_as_they_are_written() -> None:
    """Each value of several, whole numbers within bounds, and numbers that come once."""
    kinds = [PUT, GET, ("put", (1,), {"key": "n", "value": {"int": [3, 5]}}, 0)]
    history = Worked(kinds, count=100).history
    gets = [entry for entry in history if entry.op == "get"]
    assert 120 < len(gets) < 180
    assert {entry.node for entry in gets} == {"n0"}
    puts = [entry for entry in history if entry.op == "put"]
    assert {entry.node for entry in puts} == {"n0", "n1", "n2"}
    assert {entry.args["key"] for entry in puts} == {"a", "b"}
    assert sorted(entry.args["value"] for entry in puts) == list(range(1, len(puts) + 1))
    numbers = Worked([("put", (0,), {"key": "n", "value": {"int": [3, 5]}}, 1)]).history
    assert {entry.args["value"] for entry in numbers} == {3, 4, 5}
    plain = Worked([("put", (0,), {"key": "n", "value": {"of": "mine", "and": 1}}, 1)]).history
    assert plain[0].args["value"] == {"of": "mine", "and": 1}


def test_pauses_are_between_operations() -> None:
    """Of a fixed length, or drawn."""
    history = Worked([GET], fixed(S), clients=1, count=5).history
    assert [after.start_ns - before.end_ns for before, after in zip(history, history[1:], strict=False)] == [S] * 4  # type: ignore[operator]
    history = Worked([GET], uniform(MS, S), clients=1, count=20).history
    pauses = [after.start_ns - before.end_ns for before, after in zip(history, history[1:], strict=False)]  # type: ignore[operator]
    assert len(set(pauses)) > 10
    assert min(pauses) >= MS
    assert max(pauses) <= S


def test_draws_are_the_clients_own() -> None:
    """Another client changes nothing of the first one's choices."""

    def drawn(clients: int) -> list[int]:
        records = Worked([PUT, GET], clients=clients).records
        return [each.value for each in records if isinstance(each, Draw) and each.label == "workload.load.0"]

    assert drawn(1) == drawn(3) != []


def test_a_network_that_loses_and_doubles_delays_clients_only() -> None:
    """Each operation ends, once, and is done once."""
    worked = Worked([PUT], clients=1, loss=0.3, duplicate=0.3)
    assert [entry.ok for entry in worked.history] == [True] * 20
    counts = [version[0] for node in worked.cluster.nodes for _, version in node.storage["kv"].values()]
    assert max(counts) <= 20
