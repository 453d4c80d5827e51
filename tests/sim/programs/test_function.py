"""A program is a function of the user's: asynchronous or plain, with the machine or without."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from fozzy.sim.cluster import Cluster
from fozzy.sim.programs.function import outcome, takes_node
from tests.sim.harness import S, play


async def with_node(node: Any) -> None:
    node.state["name"] = node.name


async def without() -> None:
    await asyncio.sleep(0)


def plain(node: Any) -> None:
    node.state["name"] = node.name


class Callable:
    async def __call__(self, node: Any) -> None:
        node.state["name"] = node.name

    async def method(self, node: Any) -> None:
        node.state["name"] = node.name


@pytest.mark.parametrize(
    "main",
    [
        with_node,
        without,
        plain,
        Callable(),
        Callable().method,
        partial(with_node),
        lambda: None,
        lambda node: with_node(node),
    ],
)
def test_any_function_is_a_program(main: Any) -> None:
    """It ends when it returns, or when what it returns does."""

    def drive(cluster: Cluster) -> Any:
        cluster.tick(S)
        return dict(cluster.nodes[0].state), cluster.programs[cluster.nodes[0]].is_running

    played = play(main, drive=drive)
    assert played.found is None
    state, is_running = played.said
    assert state == ({"name": "n0"} if takes_node(main) else {})
    assert not is_running
    assert [name for name, _ in played.events()] == ["node.start", "node.exit"]


def test_who_wants_to_know_where_he_runs() -> None:
    """Is seen by his parameters."""
    assert takes_node(lambda *nodes: None)
    assert takes_node(Callable().method)
    assert not takes_node(lambda *, node=None: None)
    assert not takes_node(lambda **more: None)
    assert not takes_node(3)


def test_a_program_serves_while_it_listens() -> None:
    """And is then no program that ends by itself."""

    async def main(node: Any) -> None:
        await asyncio.sleep(1)
        server = await asyncio.start_server(lambda reader, writer: None, port=80)
        await asyncio.sleep(1)
        server.close()
        await asyncio.sleep(1)

    def drive(cluster: Cluster) -> None:
        program = cluster.programs[cluster.nodes[0]]
        seen = []
        for _ in range(4):
            cluster.tick(S // 2)
            seen.append((program.serves, program.is_finite, program.is_running))
            cluster.tick(S // 2)
        assert seen == [(False, True, True), (True, False, True), (False, True, True), (False, True, False)]

    assert play(main, drive=drive).found is None


def test_what_ended_a_task() -> None:
    """Nothing, an exception, or that it was cancelled."""

    async def main() -> None:
        good = asyncio.create_task(asyncio.sleep(0))
        cancelled = asyncio.create_task(asyncio.sleep(1))
        await asyncio.sleep(0)
        cancelled.cancel()
        bad = asyncio.create_task(asyncio.wait_for(asyncio.sleep(1), 0.1))
        await asyncio.wait([good, bad, cancelled])
        assert outcome(good) is None
        assert isinstance(outcome(bad), TimeoutError)
        assert isinstance(outcome(cancelled), asyncio.CancelledError)

    assert play(main).found is None


def test_a_crash_in_the_first_turn_and_before_it() -> None:
    """A program that never began leaves nothing, and begins when its machine starts again."""
    told: list[int] = []

    async def main(node: Any) -> None:
        told.append(1)
        await asyncio.sleep(10)

    def drive(cluster: Cluster) -> None:
        cluster.crash(cluster.nodes[0])
        cluster.tick(S)
        assert told == []
        cluster.restart(cluster.nodes[0])
        cluster.restart(cluster.nodes[0])
        cluster.tick(S)
        assert told == [1]

    assert play(main, drive=drive).found is None
