"""A hang is told with where every task waits."""

from __future__ import annotations

import asyncio
from typing import Any

from fozzy.sim.cluster import Cluster
from fozzy.sim.stacks import FRAMES_MAX, TASKS_MAX, forgotten, frames_of, stacks_of, tasks_of
from tests.sim.harness import S, play


async def inner(event: asyncio.Event) -> None:
    await event.wait()


async def outer(event: asyncio.Event) -> None:
    await inner(event)


def test_every_task_with_its_frames() -> None:
    """Outermost first, through what it awaits; machines and tasks in order."""

    async def main() -> None:
        event = asyncio.Event()
        task = asyncio.create_task(outer(event), name="waits")
        await asyncio.sleep(10)
        event.set()
        await task

    def drive(cluster: Cluster) -> None:
        cluster.tick(S)
        told = stacks_of(cluster)
        assert [(each["node"], each["task"]) for each in told] == [
            ("n0", "n0-1"),
            ("n0", "waits"),
            ("n1", "n1-1"),
            ("n1", "waits"),
        ]
        frames = [frame.partition(" ")[0] for frame in told[1]["stack"]]
        assert frames[:2] == ["outer", "inner"]
        assert "sim/test_stacks.py:" in told[1]["stack"][0]
        assert [frame.f_code.co_name for frame, _ in frames_of(tasks_of(cluster.nodes[0])[1])][:3] == [
            "outer",
            "inner",
            "wait",
        ]

    assert play(main, main, drive=drive).found is None


def test_what_is_told_is_bounded() -> None:
    """Many tasks and deep ones."""

    async def deep(left: int) -> None:
        await (deep(left - 1) if left else asyncio.sleep(10))

    async def main() -> None:
        asyncio.create_task(deep(1), name=f"of {object()}")
        await asyncio.gather(*(deep(40) for _ in range(100)))

    def drive(cluster: Cluster) -> None:
        cluster.tick(S)
        told = stacks_of(cluster)
        assert len(told) == TASKS_MAX
        assert max(len(each["stack"]) for each in told) == FRAMES_MAX
        assert told[1]["task"] == "of <object object at 0x…>"

    assert play(main, drive=drive).found is None


def test_forgotten_tasks_are_those_that_failed_unseen() -> None:
    """Not those that wait, that went well, or whose error somebody took."""
    kept: list[Any] = []

    async def fails() -> None:
        raise ValueError

    async def main() -> None:
        seen = asyncio.create_task(fails())
        kept.extend([seen, asyncio.create_task(fails(), name="forgotten"), asyncio.create_task(asyncio.sleep(0))])
        await asyncio.wait(kept)
        seen.exception()
        await asyncio.sleep(10)

    def drive(cluster: Cluster) -> None:
        cluster.tick(S)
        assert [task.get_name() for task in forgotten(cluster.nodes[0])] == ["forgotten"]
        cluster.crash(cluster.nodes[0])
        assert tasks_of(cluster.nodes[0]) == forgotten(cluster.nodes[0]) == []
        kept[1].exception()

    assert play(main, drive=drive).found is None
