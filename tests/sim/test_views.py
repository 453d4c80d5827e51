"""User code sees of a cluster what it may: a program its own machine, a checker all of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fozzy.sim.cluster import Cluster
from fozzy.sim.settings import ClusterSetting, NodeSetting
from fozzy.sim.views import View
from tests.sim.harness import S, choices_of, play


def test_a_program_knows_its_machine_and_where_the_others_are() -> None:
    """Names, numbers, addresses, ports, what it was given; not the others' state."""
    told: list[Any] = []

    async def main(node: Any) -> None:
        told.append((node.name, node.index, node.host, node.ip, node.port, dict(node.args), repr(node)))
        told.append([(peer.name, peer.index, peer.host, peer.ip, peer.port, repr(peer)) for peer in node.peers])
        assert not any(hasattr(peer, "state") for peer in node.peers)
        node.args["changed"] = True  # of its own

    assert play(main, main).found is None
    assert told == [
        ("n0", 0, "n0", "10.0.0.1", 80, {}, "<node n0>"),
        [("n1", 1, "n1", "10.0.0.2", 80, "<node n1>")],
        ("n1", 1, "n1", "10.0.0.2", 80, {}, "<node n1>"),
        [("n0", 0, "n0", "10.0.0.1", 80, "<node n0>")],
    ]


def test_a_checker_sees_states_as_they_are() -> None:
    """What a program fills in; empty while it starts again."""

    async def main(node: Any) -> None:
        node.state["leader"] = node.name
        await asyncio.sleep(100)

    def drive(cluster: Cluster) -> None:
        view = View(cluster)
        cluster.tick(S)
        assert [(node.name, node.is_up, node.state, repr(node)) for node in view.nodes] == [
            ("n0", True, {"leader": "n0"}, "<node n0>"),
            ("n1", True, {"leader": "n1"}, "<node n1>"),
        ]
        assert view.now_ns == S
        cluster.crash(cluster.nodes[1])
        assert not view.node("n1").is_up
        cluster.restart(cluster.nodes[1])
        assert view.node("n1").state == {}
        with pytest.raises(KeyError):
            view.node("n9")
        assert view.history == []

    assert play(main, main, drive=drive).found is None


def test_a_checker_sees_what_a_store_holds_and_what_clients_did() -> None:
    """Values without their versions."""
    choices, _ = choices_of()
    cluster = Cluster(ClusterSetting(nodes=(NodeSetting(name="n0"), NodeSetting(name="n1"))), choices)
    cluster.start()
    view = View(cluster)
    cluster.wait(cluster.clients.call("client", cluster.nodes[0], "put", ["k", 1]))
    cluster.tick(S)
    assert [node.kv for node in view.nodes] == [{"k": 1}, {"k": 1}]
    assert [(entry.op, entry.ok) for entry in view.history] == [("put", True)]
