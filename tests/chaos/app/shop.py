"""The client of the shop: one pool of connections, limits on time and size, and errors told apart.

Everything the application does about failures begins with that distinction: what may go well another time is `Transient`,
what never will is `Permanent`.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, TypeVar

import httpx
import tenacity

T = TypeVar("T")

LIMIT_S = 2.0
BYTES_MAX = 1 << 20
BUSY = frozenset({429, 500, 502, 503, 504})


class ShopError(Exception):
    """The shop did not do what it was asked for. The cause is the error of the client beneath, or none."""

    status: int | None = None


class Transient(ShopError):
    """It may go well another time."""


class Permanent(ShopError):
    """It will not."""


class TooLarge(Permanent):
    """The answer is larger than anybody wants."""


class Shop:
    """The shop at a URL. *Closes*: leaving `async with`."""

    def __init__(self, url: str, *, limit_s: float | None = LIMIT_S, bytes_max: int = BYTES_MAX) -> None:
        self.http = httpx.AsyncClient(base_url=url, timeout=limit_s, verify=trusted())
        self.bytes_max = bytes_max

    async def __aenter__(self) -> Shop:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def item(self, number: int) -> dict[str, Any]:
        """One item of the catalogue."""
        found: dict[str, Any] = decoded(await self.get(f"/items/{number}"))
        return found

    async def export(self, size: int) -> bytes:
        """So many bytes."""
        return await self.get(f"/export?bytes={size}")

    async def stamp(self) -> str:
        """What is in stock, which the shop says in a protobuf."""
        from google.protobuf.message import DecodeError
        from google.protobuf.wrappers_pb2 import StringValue

        said = await self.get("/stamp")
        try:
            return str(StringValue.FromString(said).value)
        except DecodeError as error:
            raise Permanent("the shop's answer is no protobuf") from error

    async def order(self, key: str = "") -> int:
        """Order something. With a key the same order is made once, however often it is sent."""
        headers = {"Idempotency-Key": key} if key else {}
        return int(decoded(await self._sent("POST", "/orders", headers=headers))["order"])

    async def get(self, path: str) -> bytes:
        """What a path says. *Errors*: `Transient`, `Permanent`."""
        return await self._sent("GET", path)

    async def _sent(self, method: str, path: str, **words: Any) -> bytes:
        try:
            async with self.http.stream(method, path, **words) as answer:
                judge(answer)
                return await self._read(answer)
        except httpx.TransportError as error:
            raise Transient(f"{method} {path}: {error or type(error).__name__}") from error

    async def _read(self, answer: httpx.Response) -> bytes:
        """The body, as long as it is not too large."""
        found = bytearray()
        async for piece in answer.aiter_bytes():
            found += piece
            if len(found) > self.bytes_max:
                raise TooLarge(f"the answer has more than {self.bytes_max:,} bytes")
        return bytes(found)


@cache
def trusted() -> ssl.SSLContext:
    """Whom the application trusts; reading that takes a while, so all clients share it."""
    return ssl.create_default_context()


def judge(answer: httpx.Response) -> None:
    """*Errors*: what a status means."""
    if answer.is_success:
        return
    error = (Transient if answer.status_code in BUSY else Permanent)(f"the shop said {answer.status_code}")
    error.status = answer.status_code
    raise error


def decoded(body: bytes) -> Any:
    """JSON. *Errors*: `Permanent`; asking again would give the same."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise Permanent("the shop's answer is no JSON") from error


def retrying(attempts: int = 3, base_s: float = 1.0, jitter_s: float = 0.0) -> tenacity.AsyncRetrying:
    """Again what may go well another time, after 1, 2, 4 … seconds."""
    wait = tenacity.wait_exponential(multiplier=base_s)
    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(Transient),
        stop=tenacity.stop_after_attempt(attempts),
        wait=wait + tenacity.wait_random(0, jitter_s) if jitter_s else wait,
        reraise=True,
    )


async def again(call: Callable[[], Awaitable[T]], **words: Any) -> T:
    """What a call comes to, tried as `retrying` says."""

    async def once() -> T:
        return await call()

    return await retrying(**words)(once)


@asynccontextmanager
async def shop_at(url: str, **words: Any) -> AsyncIterator[Shop]:
    """The shop for a block."""
    async with Shop(url, **words) as shop:
        yield shop
