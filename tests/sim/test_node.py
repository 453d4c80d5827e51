"""A machine has its own clock, entropy and ports, and outlives its program."""

from __future__ import annotations

import asyncio
from typing import Any

from fozzy.sim import context
from fozzy.sim.cluster import Cluster
from fozzy.sim.node import Node, innermost
from tests.sim.harness import MS, S, choices_of, play, setting_of


def cluster_of(count: int) -> Cluster:
    """A cluster that was not started."""
    return Cluster(setting_of((lambda: None,) * count), choices_of()[0])


def test_every_machine_has_its_own_address_and_process() -> None:
    """Also where there are many, and clients beside them."""
    cluster = cluster_of(600)
    nodes = [*cluster.nodes, cluster.clients.machine("c0"), cluster.clients.machine("c1")]
    assert len({node.ip for node in nodes}) == len({node.pid for node in nodes}) == 602
    assert [nodes[0].ip, nodes[249].ip, nodes[250].ip, nodes[600].ip] == [
        "10.0.0.1",
        "10.0.0.250",
        "10.0.1.1",
        "10.1.2.101",
    ]
    assert nodes[600].span == "distributed.clients.c0"
    assert cluster.clients.machine("c0") is nodes[600]


def test_bits_and_bytes_are_drawn_under_the_machines_own_labels() -> None:
    """Any number of them, each within one draw's bounds."""
    choices, records = choices_of()
    cluster = Cluster(setting_of((lambda: None,)), choices)
    node = cluster.nodes[0]
    for count in (1, 47, 48, 49, 128, 1000):
        assert 0 <= node.bits(count) < 1 << count
    for count in (0, 1, 6, 7, 100):
        assert len(node.entropy(count)) == count
    assert len({node.bits(64) for _ in range(100)}) == 100
    choices.log.flush()
    assert {each.label for each in records} == {"random.n0", "entropy.n0"}  # type: ignore[union-attr]
    assert max(each.high for each in records) < 1 << 53  # type: ignore[union-attr]


def test_a_restart_is_a_new_program_on_the_same_machine() -> None:
    """State and tasks are gone, what is stored is there, and the process has another number."""
    told: list[Any] = []

    async def main(node: Any) -> None:
        machine: Any = context.current
        told.append((machine.incarnation, machine.pid, dict(node.state), dict(machine.storage)))
        node.state["seen"] = True
        machine.storage["kept"] = machine.incarnation
        try:
            await asyncio.sleep(100)
        finally:
            told.append("finally")

    def drive(cluster: Cluster) -> None:
        node = cluster.nodes[0]
        cluster.tick(S)
        cluster.restart(node)
        cluster.tick(S)
        cluster.crash(node)
        cluster.crash(node)
        cluster.tick(S)
        assert not node.is_up
        assert len(told) == 2
        cluster.restart(node)
        cluster.tick(S)
        assert "finally" not in told

    played = play(main, drive=drive)
    assert played.found is None
    assert told[:3] == [(1, 1000, {}, {}), (2, 1100, {}, {"kept": 1}), (3, 1200, {}, {"kept": 2})]
    names = [name for name, _ in played.events("node.start", "node.crash", "node.restart")]
    assert names == ["node.start", "node.restart", "node.start", "node.crash", "node.restart", "node.start"]


def test_a_machine_that_is_paused_runs_nothing_and_loses_nothing() -> None:
    """Its timers are due late, in their order; what arrives waits."""
    told: list[tuple[str, float]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for name, delay in (("b", 0.3), ("a", 0.2), ("late", 2.0)):
            loop.call_later(delay, lambda name=name: told.append((name, round(loop.time() - 1000, 3))))
        await asyncio.sleep(3)

    def drive(cluster: Cluster) -> None:
        node = cluster.nodes[0]
        cluster.tick(100 * MS)
        cluster.pause(node)
        cluster.pause(node)
        cluster.tick(S)
        assert told == []
        cluster.resume(node)
        cluster.resume(node)

    played = play(main, drive=drive)
    assert played.found is None
    assert told == [("a", 1.1), ("b", 1.1), ("late", 2.0)]
    assert [name for name, _ in played.events("node.pause", "node.resume")] == ["node.pause", "node.resume"]


def test_a_crash_ends_a_pause() -> None:
    """A machine that starts again runs."""

    async def main(node: Any) -> None:
        node.state["runs"] = True

    def drive(cluster: Cluster) -> None:
        node = cluster.nodes[0]
        cluster.pause(node)
        cluster.crash(node)
        cluster.resume(node)
        cluster.tick(S)
        assert not node.state
        cluster.restart(node)
        cluster.tick(S)
        assert node.state

    assert play(main, drive=drive).found is None


def test_ports_are_not_given_twice() -> None:
    """Each call has another one."""
    node = cluster_of(1).nodes[0]
    assert len({node.port() for _ in range(100)}) == 100
    assert repr(node) == "<node n0>"
    assert isinstance(node, Node)


def test_the_innermost_frame_of_a_trace() -> None:
    """Where it was raised."""

    def inner() -> None:
        raise ValueError

    try:
        inner()
    except ValueError as error:
        trace = innermost(error.__traceback__)
        assert trace is not None
        assert trace.tb_frame.f_code.co_name == "inner"
    assert innermost(None) is None


def test_every_socket_has_a_number_of_its_own() -> None:
    """No two machines have the same, and how many another one has opened does not matter."""
    first, second = cluster_of(2).nodes
    alone = cluster_of(2).nodes[1]
    numbers = [first.descriptor(), first.descriptor(), second.descriptor()]
    assert len({*numbers}) == 3 and min(numbers) > 1_000_000
    assert alone.descriptor() == numbers[2]
