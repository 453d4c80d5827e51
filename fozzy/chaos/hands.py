"""How a chaos transport waits and asks: blocking, or on the client's loop. What is done is written once, for a loop.

A client may be of httpx or of another library with httpx's types, as httpx2, which newer clients of OpenAI use: what it
gets is made with the types of the library its request came from.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from functools import lru_cache
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


def library_of(request: object) -> Any:
    """The library a request is of, also where somebody has a class of requests of their own."""
    base = next(each for each in type(request).__mro__ if each.__name__ == "Request")
    return sys.modules[base.__module__.partition(".")[0]]


@lru_cache(maxsize=16)
def streaming(kind: type[Any], library: Any) -> type[Any]:
    """A class as a stream of a library, for both kinds of clients."""
    return type(kind.__name__, (kind, library.SyncByteStream, library.AsyncByteStream), {})
