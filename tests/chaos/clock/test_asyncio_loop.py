"""An asyncio loop on the shared clock: its timers are virtual, its sockets and executors real."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import pytest
import trio

from fozzy.chaos.clock.asyncio_loop import VirtualLoop
from fozzy.chaos.clock.shared import SharedClock
from fozzy.chaos.clock.trio_clock import VirtualTrioClock
from fozzy.errors import FozzyError


def ran(main: Coroutine[Any, Any, Any], shared: SharedClock) -> Any:
    """What a coroutine gives on such a loop."""
    loop = VirtualLoop(shared)
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def timed(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return asyncio.get_running_loop().time()


def test_sleeps_are_virtual_and_exact() -> None:
    """A day passes at once, and the loop's time is exactly there."""
    with SharedClock() as shared:
        assert ran(timed(86400), shared) == 86400.0


def test_a_timeout_is_exact() -> None:
    """A wait for what never comes ends at its limit."""

    async def main() -> float:
        try:
            async with asyncio.timeout(2):
                await asyncio.Event().wait()
        except TimeoutError:
            return asyncio.get_running_loop().time()
        return -1.0

    with SharedClock() as shared:
        assert ran(main(), shared) == 2.0


def test_a_thread_of_the_executor_holds_the_time() -> None:
    """While work of the loop goes on in a thread no timer of it is due."""
    go = threading.Event()

    async def main() -> tuple[bool, float]:
        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(None, go.wait, 10)
        threading.Timer(0.03, go.set).start()
        done, _ = await asyncio.wait({working}, timeout=3600)
        return bool(done), loop.time()

    with SharedClock() as shared:
        assert ran(main(), shared) == (True, 0.0)


def test_two_loops_share_the_time() -> None:
    """A trio loop in another thread and an asyncio loop wake in the order of their times, 20 times alike."""
    for _ in range(20):
        order: list[tuple[str, float]] = []

        begun = threading.Event()

        async def theirs(order: list[tuple[str, float]] = order, begun: threading.Event = begun) -> None:
            begun.set()
            for _ in range(3):
                await trio.sleep(10)
                order.append(("trio", trio.current_time()))

        async def ours(order: list[tuple[str, float]] = order) -> None:
            for _ in range(3):
                order.append(("asyncio", await timed(7)))

        with SharedClock() as shared:
            clock = VirtualTrioClock(shared)
            thread = threading.Thread(target=lambda: trio.run(theirs, clock=clock, instruments=[clock]))  # noqa: B023 - joined below
            loop = VirtualLoop(shared)
            thread.start()
            assert begun.wait(10)  # until then the loop's seat keeps the time
            try:
                loop.run_until_complete(ours())
            finally:
                loop.close()
                thread.join()
        assert order == [
            ("asyncio", 7.0),
            ("trio", 10.0),
            ("asyncio", 14.0),
            ("trio", 20.0),
            ("asyncio", 21.0),
            ("trio", 30.0),
        ]


def test_a_remainder_too_small_to_be_added_ends() -> None:
    """Code that waits for a time so near that it is now, until that is over, gets on: it neither hangs nor takes long."""

    async def waits() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(100_000):
            if loop.time() > began:
                return loop.time() - began
            future = loop.create_future()
            loop.call_at(loop.time() + 1e-30, future.set_result, None)
            await future
        return 0.0

    with SharedClock() as clock, asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        assert 0 < runner.run(waits()) < 1e-8


def test_who_waits_for_nothing_is_told() -> None:
    """A loop whose tasks wait for something that never comes ends with an error that says so, and its tasks are undone."""
    undone = []

    async def waits() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            undone.append(True)

    with (
        SharedClock(patience_s=0.05) as clock,
        pytest.raises(FozzyError, match="nobody waits for a time, and nothing comes"),
        asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner,
    ):
        runner.run(waits())
    assert undone == [True]
