"""Limiters and caches: what they let through, and what they have when nobody answers."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import hishel
import hishel.httpx
import httpx
import limits
from aiolimiter import AsyncLimiter
from cachetools import TTLCache
from cashews import Cache
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

from tests.chaos.libraries.meetings import LIMIT_S, TRUSTED, Fault, Measure, Meeting, error_said, seconds

HUNDRED = Fault("100 calls at once, 10 a second")
STORE_FAULTS = (
    Fault("its Redis: port closed", "down"),
    Fault("its Redis: nothing is heard", "timeout:timeout=0"),
    Fault("its Redis: reply lost once", "drop_reply:first=1,match=EVALSHA"),
)
CACHE_FAULTS = (
    Fault("port closed", "down"),
    Fault("nothing is heard", "timeout:timeout=0"),
    Fault("503", "http_status:status=503"),
)
FRESH_S, STALE_S = 30.0, 61.0  # the server allows a minute, and a day when something is wrong
STALE_FAULT = Fault("port closed, hishel with `allow_stale`", "down")
PATH = "/prices"
CALLS = 100


# limiters


def aiolimiter_(met: Meeting) -> str:
    """It has everybody wait."""
    limiter = AsyncLimiter(10, 1)

    async def session() -> int:
        served = 0
        async with httpx.AsyncClient(timeout=None, verify=TRUSTED, trust_env=False) as client:

            async def call() -> None:
                nonlocal served
                async with limiter:
                    await client.get(f"{met.proxy.url}{PATH}")
                served += 1

            await asyncio.gather(*(call() for _ in range(CALLS)))
        return served

    served = met.run(session())
    return f"{served} served, the last {seconds(round(met.now, 1))}, none refused"


def limits_(met: Meeting) -> str:
    """It says no."""
    limiter = FixedWindowRateLimiter(MemoryStorage())
    with httpx.Client(verify=TRUSTED, trust_env=False) as client:
        served = 0
        for _ in range(CALLS):
            if limiter.hit(limits.RateLimitItemPerSecond(10), "all"):
                client.get(f"{met.proxy.url}{PATH}")
                served += 1
    return f"{served} served at once, {CALLS - served} refused"


LIMITERS: dict[str, Measure] = {"limits": limits_, "aiolimiter": aiolimiter_}


def limits_with_redis(met: Meeting) -> str:
    """Its counters are in Redis; what a hit comes to."""
    words = {"socket_timeout": LIMIT_S, "socket_connect_timeout": LIMIT_S}
    storage = RedisStorage(f"redis://127.0.0.1:{met.proxy.port}", **words)
    met.closing.callback(storage.storage.close)
    limiter = FixedWindowRateLimiter(storage)
    ten = limits.RateLimitItemPerHour(10)
    limiter.hit(ten, "all")
    began = met.now
    with met.struck():
        try:
            said = "accepted" if limiter.hit(ten, "all") else "refused"
        except Exception as error:
            said = error_said(error)
    counted = 10 - limiter.get_window_stats(ten, "all").remaining
    return f"{said} {seconds(round(met.now - began, 1))}; counted {counted - 1}"


# caches

Get = Callable[[httpx.Client], Any]


def cachetools_(met: Meeting) -> Callable[[httpx.Client], Any]:
    """A value for a minute, kept by hand."""
    cache: TTLCache[str, Any] = TTLCache(8, ttl=60, timer=time.monotonic)

    def get(client: httpx.Client) -> Any:
        if "prices" not in cache:
            cache["prices"] = client.get(f"{met.proxy.url}{PATH}").raise_for_status().json()
        return cache["prices"]

    return get


def cashews_(met: Meeting) -> Callable[[httpx.Client], Any]:
    """`failover`: asked each time, the last good value when that fails."""
    cache = Cache()
    cache.setup("mem://", check_interval=0)

    @cache.failover(ttl="1h", key="prices", exceptions=httpx.HTTPError)  # type: ignore[untyped-decorator, unused-ignore]
    async def asked(client: httpx.AsyncClient) -> Any:
        return (await client.get(f"{met.proxy.url}{PATH}")).raise_for_status().json()

    async def once() -> Any:
        async with httpx.AsyncClient(timeout=LIMIT_S, verify=TRUSTED, trust_env=False) as client:
            return await asked(client)

    return lambda _: met.run(once())


class _Dated(httpx.BaseTransport):
    """The day of an answer, which the server does not say, by the clock of the meeting."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport(verify=TRUSTED)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        from datetime import UTC, datetime
        from email.utils import format_datetime

        answer = self._inner.handle_request(request)
        answer.headers.setdefault("Date", format_datetime(datetime.now(UTC), usegmt=True))
        return answer

    def close(self) -> None:
        self._inner.close()


def hishel_(met: Meeting, *, allow_stale: bool = False) -> Callable[[httpx.Client], Any]:
    """A cache as HTTP has it: the server says how long."""
    storage = hishel.SqliteStorage(connection=sqlite3.connect(":memory:", check_same_thread=False))
    transport = hishel.httpx.CacheTransport(_Dated(), storage, rfc=hishel.CacheOptions(allow_stale=allow_stale))
    client = met.closing.enter_context(httpx.Client(transport=transport, timeout=LIMIT_S))
    return lambda _: client.get(f"{met.proxy.url}{PATH}").raise_for_status().json()


def hishel_stale(met: Meeting) -> Callable[[httpx.Client], Any]:
    """The same, told that what is old will do."""
    return hishel_(met, allow_stale=True)


CACHES: dict[str, Callable[[Meeting], Callable[[httpx.Client], Any]]] = {
    "cachetools": cachetools_,
    "cashews": cashews_,
    "hishel": hishel_,
}


def kept(kind: Callable[[Meeting], Callable[[httpx.Client], Any]]) -> Measure:
    """The value half a minute and a minute after it was asked for, with nobody there; and when somebody is again."""

    def measure(met: Meeting) -> str:
        get = kind(met)
        with httpx.Client(timeout=LIMIT_S, verify=TRUSTED, trust_env=False) as client:

            def got() -> str:
                try:
                    return f"version {get(client)['version']}"
                except Exception as error:
                    return error_said(error)

            got()
            client.post(f"{met.proxy.url}/orders")  # now there is another version
            found = []
            with met.struck():
                time.sleep(FRESH_S)
                found.append(got())
                time.sleep(STALE_S - FRESH_S)
                found.append(got())
            found.append(got())
        return " · ".join(found)

    return measure
