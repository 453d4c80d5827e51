"""The builtin store applies a put where it is made and sends it to all others."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.sim.cluster import Cluster
from fozzy.sim.settings import ClusterSetting, NodeSetting
from tests.sim.harness import MS, S, choices_of, linked


def stores(count: int = 3, **args: Any) -> Cluster:
    """A cluster of stores."""
    nodes = tuple(NodeSetting(name=f"n{index}", args=args) for index in range(count))
    cluster = Cluster(ClusterSetting(nodes=nodes, link=linked(10 * MS)), choices_of()[0])
    cluster.start()
    return cluster


def put(cluster: Cluster, index: int, key: str, value: Any) -> None:
    """Put at a machine, from outside of time."""
    program: Any = cluster.programs[cluster.nodes[index]]
    program.put(key, value)


def values(cluster: Cluster, key: str) -> list[Any]:
    """What each machine holds."""
    return [node.storage["kv"].get(key, (None,))[0] for node in cluster.nodes]


def test_a_put_reaches_all() -> None:
    """Its own machine at once, others when its message arrives; each is a record."""
    cluster = stores()
    put(cluster, 1, "k", "v")
    assert values(cluster, "k") == [None, "v", None]
    cluster.tick(S)
    assert values(cluster, "k") == ["v", "v", "v"]
    program: Any = cluster.programs[cluster.nodes[0]]
    assert program.get("k") == "v"
    with pytest.raises(KeyError):
        program.get("other")


@pytest.mark.parametrize(("merge", "agree"), [("arrival", False), ("newest", True)])
def test_machines_agree_if_the_newest_wins(merge: str, agree: bool) -> None:
    """Where the last to arrive wins, two puts at once leave them different."""
    cluster = stores(merge=merge)
    put(cluster, 0, "k", "zero")
    put(cluster, 1, "k", "one")
    cluster.tick(S)
    assert (len(set(values(cluster, "k"))) == 1) is agree
    if agree:
        assert values(cluster, "k") == ["one"] * 3


def test_a_later_put_wins_everywhere() -> None:
    """Of one machine, and of another that has seen the first."""
    for merge in ("arrival", "newest"):
        cluster = stores(merge=merge)
        for index, value in ((0, "a"), (2, "b"), (1, "c")):
            put(cluster, index, "k", value)
            cluster.tick(S)
        assert values(cluster, "k") == ["c"] * 3


def test_what_was_put_survives_a_crash_and_messages_to_a_machine_that_is_down_are_lost() -> None:
    """Nobody sends them again."""
    cluster = stores()
    put(cluster, 0, "kept", 1)
    cluster.tick(S)
    cluster.crash(cluster.nodes[1])
    put(cluster, 0, "missed", 2)
    cluster.tick(S)
    cluster.restart(cluster.nodes[1])
    cluster.tick(S)
    assert values(cluster, "kept") == [1, 1, 1]
    assert values(cluster, "missed") == [2, None, 2]


def test_a_partition_holds_messages() -> None:
    """They arrive when it is mended."""
    cluster = stores()
    mend = cluster.cut([cluster.nodes[0]], [cluster.nodes[2]])
    put(cluster, 0, "k", 1)
    cluster.tick(S)
    assert values(cluster, "k") == [1, 1, None]
    mend()
    cluster.tick(S)
    assert values(cluster, "k") == [1, 1, 1]


def test_a_store_neither_ends_nor_holds() -> None:
    """It only answers."""
    program: Any = next(iter(stores(1).programs.values()))
    assert (program.is_running, program.serves, program.is_finite) == (True, True, False)
