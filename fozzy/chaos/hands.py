"""How a chaos transport waits and asks: blocking, or on the client's loop. What is done is written once, for a loop."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

import httpx

T = TypeVar("T")


class Pieces:
    """A body, piece by piece. *Closes*: `close`."""

    async def following(self) -> bytes | None:
        """The next piece, none at the end."""
        raise NotImplementedError

    async def close(self) -> None:
        """Let go of the rest."""


class Hands(Protocol):
    """How to wait and to ask."""

    async def sleep(self, ns: int) -> None:
        """Wait."""

    async def ask(self, request: httpx.Request) -> httpx.Response:
        """Ask the wrapped transport."""

    def pieces(self, stream: Any) -> Pieces:
        """A body of httpx's, piece by piece."""

    async def close(self, answer: httpx.Response) -> None:
        """Let go of an answer."""


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives that has nothing to wait for: one way of doing things serves both kinds of clients."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    coroutine.close()
    raise AssertionError("it waits")
