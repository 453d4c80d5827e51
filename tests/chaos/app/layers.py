"""What the application puts around its calls of the shop: breakers, retries, limits of time, in any order.

A layer is a function from a call to a call. What is retried is what may go well another time: never a breaker's refusal.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import hishel
import hishel.httpx
import httpx
import pybreaker
import tenacity

from tests.chaos.app.shop import LIMIT_S, Transient, judge, trusted

Call = Callable[[], Awaitable[Any]]

THRESHOLD = 5
OPEN_S = 60.0
ATTEMPTS = 3


class Layers:
    """A retry, a breaker and a limit of time around a call, the outermost first: `rbt`, `tbr`, ….

    The breaker counts failures over all calls; the others begin anew with each.
    """

    def __init__(self, order: str) -> None:
        self.order = order
        self.breaker = pybreaker.CircuitBreaker(fail_max=THRESHOLD, reset_timeout=OPEN_S)

    async def __call__(self, call: Call) -> Any:
        """What the call comes to through all layers."""
        around = {"r": self._retried, "b": self._guarded, "t": self._limited}
        for letter in reversed(self.order):
            call = around[letter](call)
        return await call()

    def _retried(self, call: Call) -> Call:
        async def retried() -> Any:
            policy = tenacity.AsyncRetrying(
                retry=tenacity.retry_if_exception_type((Transient, TimeoutError)),
                stop=tenacity.stop_after_attempt(ATTEMPTS),
                wait=tenacity.wait_exponential(multiplier=1),
                reraise=True,
            )

            async def once() -> Any:
                return await call()

            return await policy(once)

        return retried

    def _guarded(self, call: Call) -> Call:
        async def guarded() -> Any:
            with self.breaker.calling():
                return await call()

        return guarded

    def _limited(self, call: Call) -> Call:
        async def limited() -> Any:
            async with asyncio.timeout(LIMIT_S):
                return await call()

        return limited


class Dated(httpx.BaseTransport):
    """Writes down when an answer came that does not say of when it is (RFC 9110, 6.6.1), so that a cache can tell its age."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        answer.headers.setdefault("Date", format_datetime(datetime.now(UTC), usegmt=True))
        return answer

    def close(self) -> None:
        self._inner.close()


def remembering(url: str, *, allow_stale: bool = False) -> httpx.Client:
    """A client with hishel's cache, in memory, by the rules of RFC 9111."""
    storage = hishel.SqliteStorage(connection=sqlite3.connect(":memory:", check_same_thread=False))
    inner = Dated(httpx.HTTPTransport(verify=trusted()))
    cached = hishel.httpx.CacheTransport(inner, storage, rfc=hishel.CacheOptions(allow_stale=allow_stale))
    return httpx.Client(base_url=url, transport=cached)


def old_if_need_be(client: httpx.Client, path: str) -> httpx.Response:
    """An answer; where there is none, the last that is kept, however old: hishel gives that when it is asked to, not by itself."""
    try:
        return client.get(path).raise_for_status()
    except httpx.HTTPError:
        return client.get(path, extensions={"caching": {"rfc": hishel.CacheOptions(allow_stale=True)}})


class PlainShop:
    """The shop for code that blocks, behind pybreaker. *Closes*: leaving `with`."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=LIMIT_S, verify=trusted())
        self.breaker = pybreaker.CircuitBreaker(fail_max=THRESHOLD, reset_timeout=OPEN_S)

    def __enter__(self) -> PlainShop:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def item(self, number: int) -> Any:
        """One item. *Errors*: `Transient`, `Permanent`, `pybreaker.CircuitBreakerError`."""
        return self.breaker.call(self._item, number)

    def _item(self, number: int) -> Any:
        try:
            answer = self.http.get(f"/items/{number}")
        except httpx.TransportError as error:
            raise Transient(str(error)) from error
        judge(answer)
        return answer.json()
