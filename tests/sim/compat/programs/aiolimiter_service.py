"""aiolimiter: a leaky bucket that keeps a rate.

A burst, then as many as the rate allows; requests of different weight; one that is cancelled while it waits; the
server sees no more than the rate.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiolimiter import AsyncLimiter
from programs.lines import ask, serve_lines

RATE = 5  # in a second


async def server(node: Any) -> None:
    """Tell how many came within the last second."""
    seen: list[float] = []

    def answer(line: str) -> str:
        now = asyncio.get_running_loop().time()
        seen.append(now)
        return str(sum(1 for at in seen if now - at < 1))

    await serve_lines(node, answer)


async def client(node: Any) -> None:
    """Ask as fast as the limiter allows."""
    await asyncio.sleep(0.2)
    limiter = AsyncLimiter(RATE, 1)
    loop = asyncio.get_running_loop()
    begun = loop.time()

    async def limited(number: int) -> int:
        async with limiter:
            return int(await ask("server", f"request {number}"))

    answers = await asyncio.gather(*[limited(number) for number in range(40)])
    took = loop.time() - begun
    assert 40 / RATE - 1 <= took < 40 / RATE + 1, took
    assert max(answers) <= 2 * RATE, "a burst and what leaks meanwhile"
    assert not limiter.has_capacity(RATE)
    await asyncio.sleep(2)
    assert limiter.has_capacity(RATE)
    await limiter.acquire(RATE)
    waits = asyncio.ensure_future(limiter.acquire(RATE))
    await asyncio.sleep(0.3)
    waits.cancel()
    assert isinstance((await asyncio.gather(waits, return_exceptions=True))[0], asyncio.CancelledError)
    begun = loop.time()
    await limiter.acquire(3)
    assert loop.time() - begun < 1
    print("done", round(took, 3), max(answers))
