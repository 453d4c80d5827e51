"""An end made of memory: pieces in, bytes out; reading never waits."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from fozzy.chaos.http.ends import End

T = TypeVar("T")


class MemoryEnd(End):
    """Gives its pieces one by one, then its end or its error."""

    def __init__(self, pieces: list[bytes], error: OSError | None = None) -> None:
        self.pieces = [piece for piece in pieces if piece]
        self.error = error
        self.sent = b""
        self.reads = 0

    async def recv(self) -> bytes:
        self.reads += 1
        if self.pieces:
            return self.pieces.pop(0)
        if self.error is not None:
            raise self.error
        return b""

    async def send(self, data: bytes) -> None:
        self.sent += data


def done(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    raise AssertionError("it waited")


def sliced(data: bytes, cuts: list[int]) -> list[bytes]:
    """Bytes in pieces, cut at places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in zip(places, places[1:], strict=False)]
