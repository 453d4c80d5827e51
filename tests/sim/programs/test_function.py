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


def test_what_a_program_leaves_is_cancelled_and_closed() -> None:
    """As under `asyncio.run`: its tasks end, its servers refuse, its streams end; what waits in a buffer is lost."""
    told: list[Any] = []

    async def main(node: Any) -> None:
        async def handler(reader: Any, writer: Any) -> None:
            try:
                await reader.read()
            finally:
                await asyncio.sleep(0.1)
                told.append("handler ends")

        async def beats() -> None:
            try:
                while True:
                    await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                told.append("cancelled")

        await asyncio.start_server(handler, "0.0.0.0", 80)
        await asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol, ("0.0.0.0", 9))
        node.state["task"] = asyncio.create_task(beats())
        await asyncio.sleep(1)

    async def other() -> None:
        await asyncio.sleep(0.5)
        reader, _ = await asyncio.open_connection("n0", 80)
        told.append(await reader.read())
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("n0", 80)

    def drive(cluster: Cluster) -> None:
        cluster.tick(5 * S)
        node: Any = cluster.nodes[0]
        assert not node.listeners and not node.datagrams and not node.loop.endpoints
        assert node.is_up
        cluster.restart(node)
        cluster.tick(S // 2)
        assert list(node.listeners) == [80]

    played = play(main, other, drive=drive)
    assert played.found is None
    assert told[:3] == ["cancelled", "handler ends", b""]
    assert [record.t for record in played.records if "node.exit" in str(record)][0] > S


def test_what_fails_while_a_program_winds_up_is_found() -> None:
    """And a task that is not to be cancelled holds the run."""

    async def main(failing: bool) -> None:
        async def stubborn() -> None:
            try:
                await asyncio.sleep(100)
            finally:
                if failing:
                    raise ValueError("on the way out")
                await asyncio.Event().wait()

        asyncio.create_task(stubborn())
        await asyncio.sleep(1)

    found = play(lambda: main(True)).found
    assert found is not None
    assert "a task on n0 raised ValueError: on the way out" in found.message
    found = play(lambda: main(False)).found
    assert found is not None
    assert found.title == "deadlock"


def test_an_exit_in_any_task_ends_the_program() -> None:
    """Whatever main still does."""
    told: list[str] = []

    async def main() -> None:
        async def ends() -> None:
            await asyncio.sleep(1)
            raise SystemExit(0)

        task = asyncio.create_task(ends())
        try:
            await asyncio.sleep(100)
        finally:
            told.append(f"main ends {task.done()}")

    played = play(main)
    assert played.found is None
    assert played.now_ns == S
    assert told == ["main ends True"]
    assert [name for name, _ in played.events("node.exit")] == ["node.exit"]
