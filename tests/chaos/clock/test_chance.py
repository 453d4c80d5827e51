"""Chance beside virtual time: the same draws for the same seed, whoever else draws meanwhile."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from random import uniform
from typing import Any

import pytest
import trio
from trio._core import _run

from fozzy.chaos.clock.chance import drawn_from

Draws = dict[str, list[float]]
SEED = 5


def test_the_same_seed_draws_the_same() -> None:
    """Twice one seed is twice the same, another is another, and what was before goes on untouched."""
    random.seed(1)
    untouched = [random.random() for _ in range(2)]
    random.seed(1)
    found = [random.random()]
    drawn = []
    for seed in (5, 5, 6):
        with drawn_from(seed):
            drawn.append([random.random(), random.gauss(0, 1), random.randrange(100)])
    found.append(random.random())
    assert found == untouched
    assert drawn[0] == drawn[1] != drawn[2]


# each for itself


def of_tasks(turns: dict[str, int]) -> Draws:
    """What three tasks and a thread that one of them asks draw, who each come to it after so many turns of the loop."""
    drawn: Draws = {}

    async def one(name: str) -> None:
        for _ in range(turns[name]):
            await asyncio.sleep(0)
        drawn[name] = [random.random(), uniform(0, 9)]
        drawn[f"{name} elsewhere"] = [
            await asyncio.to_thread(random.random),
            await asyncio.get_running_loop().run_in_executor(None, random.random),
        ]
        asyncio.get_running_loop().call_soon(lambda: drawn.update({f"{name} later": [random.random()]}))

    async def main() -> None:
        drawn["main"] = [random.random()]
        async with asyncio.TaskGroup() as group:
            for name in ("a", "b", "c"):
                group.create_task(one(name))
        await asyncio.sleep(0)

    asyncio.run(main())
    return drawn


def of_trio(turns: dict[str, int]) -> Draws:
    """The same of trio's."""
    drawn: Draws = {}

    async def one(name: str) -> None:
        for _ in range(turns[name]):
            await trio.lowlevel.checkpoint()
        drawn[name] = [random.random(), uniform(0, 9)]
        drawn[f"{name} elsewhere"] = [await trio.to_thread.run_sync(random.random)]

    async def main() -> None:
        drawn["main"] = [random.random()]
        async with trio.open_nursery() as nursery:
            for name in ("a", "b", "c"):
                nursery.start_soon(one, name)
                await trio.lowlevel.checkpoint()

    trio.run(main)
    return drawn


def of_threads(turns: dict[str, int]) -> Draws:
    """The same of threads, one after the other in that order."""
    drawn: Draws = {"main": [random.random()]}
    may = {name: threading.Event() for name in turns}

    def one(name: str) -> None:
        may[name].wait()
        drawn[name] = [random.random(), uniform(0, 9)]

    threads = {name: threading.Thread(target=one, args=(name,)) for name in ("a", "b", "c")}
    for thread in threads.values():
        thread.start()
    for name in sorted(turns, key=turns.__getitem__):
        may[name].set()
        threads[name].join()
    return drawn


@pytest.mark.parametrize("draw", [of_tasks, of_trio, of_threads])
def test_who_comes_first_changes_nothing(draw: Callable[[dict[str, int]], Draws]) -> None:
    """Each task and thread draws what it draws alone, in whatever order they come to it; no two draw the same."""
    first = _drawn(lambda: draw({"a": 0, "b": 3, "c": 6}))
    last = _drawn(lambda: draw({"a": 6, "b": 3, "c": 0}))
    assert first == last
    numbers = [number for each in first.values() for number in each]
    assert len(set(numbers)) == len(numbers)


def _drawn(draw: Callable[[], Draws]) -> Draws:
    from fozzy.pytest_plugin.timing import TestTime

    time = TestTime(is_virtual=True, seed=SEED)
    time.begin()
    try:
        return draw()
    finally:
        time.end()


def test_who_makes_the_tasks_is_left_to_it(virtual_time: Any) -> None:
    """A factory of tasks, and a context that is given, are as they were told."""
    seen: list[Any] = []

    def factory(loop: Any, coro: Any, **more: Any) -> asyncio.Task[Any]:
        seen.append(more)
        return asyncio.Task(coro, loop=loop, **more)

    async def main() -> float:
        asyncio.get_running_loop().set_task_factory(factory)
        return await asyncio.create_task(asyncio.sleep(1, random.random()))

    assert 0 <= virtual_time.run(main()) < 1
    assert [more.get("context") for more in seen] == [None] * len(seen)
    assert seen


def test_another_test_is_another_chance() -> None:
    """A task or thread that outlives its test draws as the next test does; nothing of the former is in force."""
    from fozzy.pytest_plugin.timing import TestTime

    loop = asyncio.new_event_loop()
    may = loop.create_future()

    async def outlives() -> float:
        await may
        return random.random()

    first, second = TestTime(is_virtual=True, seed=1), TestTime(is_virtual=True, seed=2)
    first.begin()
    context_of_first = loop.create_task(outlives())
    first.end()
    second.begin()
    try:
        may.set_result(None)
        found = loop.run_until_complete(context_of_first)
    finally:
        second.end()
        loop.close()
    assert found == random.Random(2).random()


def test_trio_takes_one_order_for_a_test() -> None:
    """Which of the two orders it is follows from the seed; both occur, and afterwards it is trio's own chance."""

    def order(seed: int) -> list[str]:
        seen: list[str] = []

        async def one(name: str) -> None:
            for _ in range(8):
                seen.append(name)
                await trio.lowlevel.checkpoint()

        async def main() -> None:
            async with trio.open_nursery() as nursery:
                for name in "abc":
                    nursery.start_soon(one, name)

        with drawn_from(seed):
            trio.run(main)
        return seen

    before = _run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING
    found = {seed: order(seed) for seed in range(6)}
    assert {seed: order(seed) for seed in range(6)} == found
    assert len({tuple(each) for each in found.values()}) == 2
    assert (_run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING) == before
