"""Retries and breakers around a call over HTTP that has a limit of two seconds and takes an error status for an error."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import aiobreaker
import circuitbreaker
import httpx
import pybreaker
import stamina
import tenacity
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from fozzy.core.wires import Spoken
from tests.chaos.libraries.meetings import LIMIT_S, TRUSTED, Fault, Measure, Meeting, error_said, seconds, times

FAULTS = (
    Fault("port closed", "down"),
    Fault("nothing is heard", "timeout:timeout=0"),
    Fault("10 s late", "latency:latency=10000"),
    Fault("reset instead of the reply", "drop_reply"),
    Fault("503", "http_status:status=503"),
    Fault("503 twice, then fine", "http_status:status=503,first=2"),
    Fault("400", "http_status:status=400"),
    Fault("body cut short", "http_truncate:bytes=5,end=fin"),
    Fault("body is no JSON", "http_malformed:how=invalid-json"),
)
OPEN_FAULT = Fault("a minute later", "http_status:status=503")
ATTEMPTS = 4
THRESHOLD = 5
OPEN_S = 60.0
CALLS = 105
CROWD = 50
PATH = "/items/1"

Call = Callable[[], Awaitable[Any]]


def calling(met: Meeting, counted: list[float]) -> tuple[httpx.AsyncClient, Call]:
    """A call as somebody would write it, and its client."""
    client = httpx.AsyncClient(timeout=LIMIT_S, verify=TRUSTED, trust_env=False)

    async def call() -> Any:
        counted.append(met.now)
        answer = await client.get(f"{met.proxy.url}{PATH}")
        return answer.raise_for_status().json()

    return client, call


# retries


def with_tenacity(call: Call) -> Call:
    """As its manual has it: every exception is a reason."""
    return tenacity.retry(stop=tenacity.stop_after_attempt(ATTEMPTS), wait=tenacity.wait_exponential(), reraise=True)(
        call
    )  # type: ignore[no-any-return]


def with_stamina(call: Call) -> Call:
    """It wants to know for which; its manual says `httpx.HTTPError`."""
    return stamina.retry(on=httpx.HTTPError, attempts=ATTEMPTS, wait_initial=1.0, wait_jitter=0.0)(call)  # type: ignore


RETRIES: dict[str, Callable[[Call], Call]] = {"tenacity": with_tenacity, "stamina": with_stamina}


def retried(kind: Callable[[Call], Call]) -> Measure:
    """How often it tries, and what comes of it when."""

    def measure(met: Meeting) -> str:
        counted: list[float] = []

        async def session() -> str:
            client, call = calling(met, counted)
            async with client:
                with met.struck():
                    try:
                        await kind(call)()
                    except Exception as error:
                        return error_said(error)
                    return "fine"

        came = met.run(session())
        return f"{times(len(counted), 'attempt')}, {came} {seconds(met.now)}"

    return measure


# breakers: each a call that is guarded, and how it refuses

Guarded = tuple[Call, type[BaseException]]


def by_purgatory(call: Call) -> Guarded:
    breakers = AsyncCircuitBreakerFactory(default_threshold=THRESHOLD, default_ttl=OPEN_S)

    async def guarded() -> Any:
        async with await breakers.get_breaker("items"):
            return await call()

    return guarded, OpenedState


def by_circuitbreaker(call: Call) -> Guarded:
    breaker = circuitbreaker.CircuitBreaker(THRESHOLD, int(OPEN_S), name="items")
    return breaker(call), circuitbreaker.CircuitBreakerError


def by_aiobreaker(call: Call) -> Guarded:
    breaker = aiobreaker.CircuitBreaker(THRESHOLD, timedelta(seconds=OPEN_S))
    return breaker(call), aiobreaker.CircuitBreakerError


def by_pybreaker(call: Call) -> Guarded:
    """It is for code that blocks: a coroutine is a success as soon as it is made."""
    breaker = pybreaker.CircuitBreaker(THRESHOLD, OPEN_S)

    async def guarded() -> Any:
        return await breaker.call(call)

    return guarded, pybreaker.CircuitBreakerError


BREAKERS: dict[str, Callable[[Call], Guarded]] = {
    "pybreaker": by_pybreaker,
    "purgatory": by_purgatory,
    "circuitbreaker": by_circuitbreaker,
    "aiobreaker": by_aiobreaker,
}


async def came_to(guarded: Guarded) -> str:
    """What a call comes to."""
    try:
        await guarded[0]()
    except guarded[1]:
        return "refused"
    except Exception:
        return "failed"
    return "ok"


def opened(kind: Callable[[Call], Guarded]) -> Measure:
    """Of 105 calls one after another, how many went out before it opened."""

    def measure(met: Meeting) -> str:
        if kind is by_pybreaker:
            return _opened_blocking(met)
        counted: list[float] = []

        async def session() -> None:
            client, call = calling(met, counted)
            async with client:
                guarded = kind(call)
                with met.struck():
                    for _ in range(CALLS):
                        await came_to(guarded)

        met.run(session())
        return _opened_said(len(counted))

    return measure


def _opened_said(went_out: int) -> str:
    return "stays closed" if went_out == CALLS else f"opens, {times(went_out, 'call')} went out"


def _opened_blocking(met: Meeting) -> str:
    """pybreaker around code that blocks, which it is made for."""
    counted = 0
    breaker = pybreaker.CircuitBreaker(THRESHOLD, OPEN_S)
    with httpx.Client(timeout=LIMIT_S, verify=TRUSTED, trust_env=False) as client:

        def call() -> Any:
            nonlocal counted
            counted += 1
            return client.get(f"{met.proxy.url}{PATH}").raise_for_status().json()

        with met.struck():
            for _ in range(CALLS):
                try:
                    breaker.call(call)
                except Exception:
                    continue
    return _opened_said(counted)


def _blocking_twice(met: Meeting) -> str:
    found: list[str] = []
    breaker = pybreaker.CircuitBreaker(THRESHOLD, OPEN_S)
    with httpx.Client(timeout=LIMIT_S, verify=TRUSTED, trust_env=False) as client:

        def call() -> Any:
            return client.get(f"{met.proxy.url}{PATH}").raise_for_status()

        def tried() -> str:
            try:
                breaker.call(call)
            except pybreaker.CircuitBreakerError:
                return "refused"
            except Exception:
                return "failed"
            return "ok"

        with met.struck():
            for _ in range(THRESHOLD):
                tried()
        for pause_s in (OPEN_S - 0.001, 0.002):
            time.sleep(pause_s)
            found.append(tried())
    return ", then ".join(found)


def recovered(kind: Callable[[Call], Guarded]) -> Measure:
    """A call at 59.999 s and one at 60.001 s after it opened."""

    def measure(met: Meeting) -> str:
        if kind is by_pybreaker:
            return _blocking_twice(met)

        async def session() -> str:
            client, call = calling(met, [])
            async with client:
                guarded = kind(call)
                with met.struck():
                    for _ in range(THRESHOLD):
                        await came_to(guarded)
                await asyncio.sleep(OPEN_S - 0.001)
                before = await came_to(guarded)
                await asyncio.sleep(0.002)
                return f"{before}, then {await came_to(guarded)}"

        return str(met.run(session()))

    return measure


def crowded(kind: Callable[[Call], Guarded]) -> Measure:
    """How many of fifty callers at once go out when it is half open."""

    def measure(met: Meeting) -> str:
        counted: list[float] = []

        async def session() -> str:
            client, call = calling(met, counted)
            async with client:
                guarded = kind(call)
                with met.struck():
                    for _ in range(THRESHOLD):
                        await came_to(guarded)
                await asyncio.sleep(OPEN_S + 0.001)
                before = len(counted)
                with met.proxy.toxic("latency", latency=100):
                    await asyncio.gather(*(came_to(guarded) for _ in range(CROWD)))
                return f"{len(counted) - before} of {CROWD} go out"

        return str(met.run(session()))

    return measure


def crowded_threads(met: Meeting) -> str:
    """The same of threads, for pybreaker, which is for code that blocks; and how many of them were out at a time."""
    breaker = pybreaker.CircuitBreaker(THRESHOLD, OPEN_S)
    ready = threading.Barrier(CROWD)
    with httpx.Client(timeout=None, verify=TRUSTED, trust_env=False) as client:

        def tried(_: int) -> None:
            with contextlib.suppress(httpx.HTTPError, pybreaker.CircuitBreakerError):
                breaker.call(lambda: client.get(f"{met.proxy.url}{PATH}").raise_for_status())

        def at_once(number: int) -> None:
            ready.wait()
            tried(number)

        with met.struck():
            for number in range(THRESHOLD):
                tried(number)
        before = met.requests()
        breaker.half_open()  # as a minute later: its threads wait for each other at a lock, which no clock sees
        with met.proxy.toxic("latency", latency=1), ThreadPoolExecutor(CROWD) as threads:
            list(threads.map(at_once, range(CROWD)))
    one_by_one = len({each.connection for each in met.test.records if isinstance(each, Spoken)}) == 1
    return f"{met.requests() - before} of {CROWD} go out{', one after another' if one_by_one else ''}"


def coroutine(kind: Callable[[Call], Guarded]) -> Measure:
    """Around a coroutine function, whether it ever opens."""

    def measure(met: Meeting) -> str:
        counted: list[float] = []

        async def session() -> None:
            client, call = calling(met, counted)
            async with client:
                guarded = kind(call)
                with met.struck():
                    for _ in range(CALLS):
                        await came_to(guarded)

        met.run(session())
        return _opened_said(len(counted))

    return measure
