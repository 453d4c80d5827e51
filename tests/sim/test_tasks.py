"""Tasks and futures are numbered by the run, so that a set of them has one order in every process."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.sim.harness import alone, play


def test_tasks_have_numbers_and_names_of_their_machine() -> None:
    """In the order they were made; a name that was given stays."""
    told: list[Any] = []

    async def main(node: Any) -> None:
        tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(3)]
        named = asyncio.create_task(asyncio.sleep(0), name="mine")
        told.append([task.get_name() for task in (*tasks, named)])
        told.append([task.number % 1_000_000 for task in (*tasks, named)])  # type: ignore[attr-defined]
        assert len({*tasks, named}) == 4
        await asyncio.wait({*tasks, named})

    assert play(main, main).found is None
    assert told[:2] == [["n0-2", "n0-3", "n0-4", "mine"], [2, 3, 4, 5]]
    assert told[2][0] == "n1-2"


def test_a_set_of_tasks_has_one_order() -> None:
    """The order they were made in, as long as a set keeps small numbers in order; the same in every run."""

    async def program(say: Any) -> None:
        async def work(name: str) -> str:
            await asyncio.sleep(0)
            return name

        done, _ = await asyncio.wait({asyncio.create_task(work(name)) for name in "abcdefgh"})
        say([task.result() for task in done])
        say([future.number for future in {asyncio.get_running_loop().create_future() for _ in range(5)}])  # type: ignore[attr-defined]

    assert alone(program) == alone(program)
    assert alone(program)[0] == list("abcdefgh")
