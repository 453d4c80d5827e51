"""tenacity: retries of coroutines against a server that is often down.

By decorator and by hand, with exponential waits, with random ones, until a time is over and until an answer is right;
through partitions and power cuts.
"""

from __future__ import annotations

import asyncio
from typing import Any

import tenacity
from programs.lines import ask, serve_lines
from tenacity import (
    AsyncRetrying,
    RetryError,
    retry,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential_jitter,
    wait_fixed,
    wait_random,
)

tries: list[float] = []


async def server(node: Any) -> None:
    """Count what is asked."""
    count = 0

    def answer(line: str) -> str:
        nonlocal count
        count += 1
        return str(count) if line == "count" else "?"

    await serve_lines(node, answer)


@retry(
    wait=wait_exponential_jitter(initial=0.1, max=2, jitter=0.5),
    stop=stop_after_attempt(12),
    retry=retry_if_exception_type((OSError, TimeoutError)),
    reraise=True,
)
async def count() -> int:
    """Ask once more each time it fails."""
    tries.append(asyncio.get_running_loop().time())
    async with asyncio.timeout(0.5):
        return int(await ask("server", "count"))


async def client(node: Any) -> None:
    """Every kind of retry."""
    numbers = []
    for _ in range(40):
        numbers.append(await count())
        await asyncio.sleep(0.3)
    assert len(tries) > len(numbers), "some had to be tried again"
    assert count.statistics["attempt_number"] >= 1
    await by_hand()
    await in_vain()
    print("done", len(tries), numbers[-1])


async def by_hand() -> None:
    """Until the answer is right."""
    attempts = AsyncRetrying(wait=wait_fixed(0.05), retry=retry_if_result(lambda number: number % 5 != 0))
    number = await attempts(count)
    assert number % 5 == 0
    async for attempt in AsyncRetrying(stop=stop_after_attempt(3), wait=wait_random(0.1, 0.2)):
        with attempt:
            if attempt.retry_state.attempt_number < 3:
                raise ValueError("not yet")
    assert attempt.retry_state.attempt_number == 3


async def in_vain() -> None:
    """Until the time is over, and until somebody cancels."""
    begun = asyncio.get_running_loop().time()
    try:
        async for attempt in AsyncRetrying(stop=stop_after_delay(3), wait=wait_fixed(0.4)):
            with attempt:
                await ask("server", "count", port=81)
        raise AssertionError("nobody listens there")
    except RetryError as failed:
        assert isinstance(failed.last_attempt.exception(), ConnectionRefusedError)
    assert 3 <= asyncio.get_running_loop().time() - begun < 4
    forever = asyncio.ensure_future(tenacity.retry(wait=wait_fixed(1))(in_vain_once)())
    await asyncio.sleep(5)
    forever.cancel()
    assert isinstance((await asyncio.gather(forever, return_exceptions=True))[0], asyncio.CancelledError)


async def in_vain_once() -> None:
    """It never works."""
    await ask("server", "count", port=81)
