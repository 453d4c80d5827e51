"""The broken twins: each does one thing as it is often done, and wrong. An oracle that does not notice is no oracle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import tenacity

from tests.chaos.app.shop import Shop, ShopError, decoded

T = TypeVar("T")


class PatientShop(Shop):
    """It has no limit of time: a server that is silent holds it for ever."""

    def __init__(self, url: str) -> None:
        super().__init__(url, limit_s=None)


class GreedyShop(Shop):
    """It reads whatever comes before it looks at how much that is."""

    async def _read(self, answer: httpx.Response) -> bytes:
        return await answer.aread()


class StubbornShop(Shop):
    """It takes an answer it cannot read for a bad moment, and asks again."""

    async def item(self, number: int) -> dict[str, Any]:
        for _ in range(5):
            try:
                return await super().item(number)
            except ShopError as error:
                last = error
        raise last


class LeakyShop(Shop):
    """It opens an answer and forgets it when something is wrong."""

    async def _sent(self, method: str, path: str, **words: Any) -> bytes:
        request = self.http.build_request(method, path, **words)
        answer = await self.http.send(request, stream=True)
        if answer.status_code != 200:
            raise ShopError(f"the shop said {answer.status_code}")  # nobody closes the answer
        return await answer.aread()


class ForgetfulShop(Shop):
    """It never closes its pool."""

    async def __aexit__(self, *_: object) -> None:
        """Somebody else's work."""


async def hurried(call: Callable[[], Awaitable[T]], attempts: int = 3) -> T:
    """Again at once, and whatever the error was."""
    for left in reversed(range(attempts)):
        try:
            return await call()
        except ShopError:
            if not left:
                raise
    raise AssertionError


async def steady(call: Callable[[], Awaitable[T]], attempts: int = 3) -> T:
    """Again after a second each time: under load all who failed together come together."""
    fixed = tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(attempts), wait=tenacity.wait_fixed(1), reraise=True
    )

    async def once() -> T:
        return await call()

    return await fixed(once)


def believed(body: bytes) -> Any:
    """A body that was cut short is an empty answer."""
    try:
        return decoded(body)
    except ShopError:
        return {}
