"""Clients as they come, with all their defaults: what a caller has of one call, when, and how often it was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import openai
import redis.asyncio
from psycopg_pool import AsyncConnectionPool

from tests.chaos.libraries.meetings import NEVER, TRUSTED, Fault, Measure, Meeting, error_said, seconds, times

FAULTS = (
    Fault("port closed", "down"),
    Fault("nothing is heard", "timeout:timeout=0"),
    Fault("10 s late", "latency:latency=10000"),
    Fault("reset instead of the reply", "drop_reply"),
    Fault("the same once", "drop_reply:first=1"),
    Fault("first byte flipped once", "corrupt:bytes=1,first=1"),
)

WOKEN_S = 200.0  # for ever, for who looks at the clock ten times a second; its own limit is 30 s

Ask = Callable[[], Awaitable[Any]]


async def _tried(met: Meeting, ask: Ask) -> str:
    began = met.now
    with met.struck():
        try:
            await ask()
            came = "fine"
        except TimeoutError as error:
            came = error_said(error) if type(error) is not TimeoutError else NEVER
        except Exception as error:
            came = error_said(error)
    return came if came == NEVER else f"{came} {seconds(round(met.now - began, 1))}"


def _asked(said: str, number: int) -> str:
    return f"{said}, asked {times(number, 'time')}" if number > 1 else said


def redis_py(met: Meeting) -> str:
    """A connection that was used before, then one `INCR`."""

    async def session() -> str:
        async with redis.asyncio.Redis(port=met.proxy.port) as client:
            await client.ping()
            return await _tried(met, lambda: client.incr("orders"))

    said = met.run(session())
    return _asked(str(said), met.requests("INCR"))


def psycopg_pool(met: Meeting) -> str:
    """A pool with one connection that is alive, then one query."""

    async def session() -> str:
        async with AsyncConnectionPool(met.proxy.url, min_size=1, open=False) as pool:
            await pool.wait()

            async def ask() -> None:
                async with pool.connection() as client:
                    await client.execute("SELECT 7")

            return await _tried(met, ask)

    said = _never(met, session())
    return _asked(said, met.requests("SELECT 7"))


def httpx_(met: Meeting) -> str:
    """One GET."""

    async def session() -> str:
        async with httpx.AsyncClient(verify=TRUSTED, trust_env=False) as client:

            async def ask() -> None:
                (await client.get(f"{met.proxy.url}/items/1")).raise_for_status().json()

            return await _tried(met, ask)

    said = met.run(session())
    return _asked(str(said), met.requests())


def openai_(met: Meeting) -> str:
    """One question to a model."""

    async def session() -> str:
        async with openai.AsyncOpenAI(base_url=f"{met.proxy.url}/v1", api_key="none") as client:
            words: Any = [{"role": "user", "content": "hi"}]
            return await _tried(met, lambda: client.chat.completions.create(model="m", messages=words))

    said = met.run(session())
    return _asked(str(said), met.requests())


def _never(met: Meeting, work: Any) -> str:
    try:
        return str(met.run(work, WOKEN_S))
    except TimeoutError:
        return NEVER


CLIENTS: dict[str, tuple[str, Measure]] = {  # the server each is for
    "redis-py": ("redis", redis_py),
    "psycopg_pool": ("postgres", psycopg_pool),
    "httpx": ("shop", httpx_),
    "openai": ("llm", openai_),
}
