"""httpx transports that put faults between a client and another transport: the same rolls and records as the proxy.

    client = httpx.Client(transport=ChaosTransport(plan={"faults": {"drop": 0.5}}, seed=7))

What a fault of the plan is here:

| fault | what the client sees |
|---|---|
| drop, rate_limit, status, loss as 408, limits | the same answer as from the proxy; the wrapped transport is not asked |
| connection_error | `ConnectError` |
| disconnect accept or before-response, loss as reset | `RemoteProtocolError` for fin, `ReadError` for rst |
| disconnect after-headers or in-body, partial, cut_stream | the same, while the body is read |
| timeout | the 504 after its time, or `ReadTimeout` when the client's own is shorter |
| timeout with hang, loss as hang, stall without a time | `ReadTimeout` at the client's read timeout, else after `HANG_NS` |
| latency | a delay; `ReadTimeout` when the client's read timeout is shorter |
| malformed, status_override, events | a changed answer; events while they are read |
| bandwidth | pauses between the parts of a body |

Rule 1: with a `clock` time is its nanoseconds and nothing waits, so delays and limits are exact and take no time.
Rule 2: a request is recorded when its answer was read or closed.
Rule 3: answers and errors are of the library the request is of: httpx, or httpx2, which OpenAI's newer clients use.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import httpx

from fozzy import wall
from fozzy.chaos.carried import Carried
from fozzy.chaos.door import AnyPlan, session_of
from fozzy.chaos.hands import Hands, Pieces, at_once, library_of, streaming
from fozzy.chaos.session import Session
from fozzy.core.clock import Clock


class ChaosTransport(httpx.BaseTransport):
    """A transport for `httpx.Client`; without another one to wrap it asks the network itself.

    `plan` is a dict, a `Plan` or the path of a chaos file; or give a `session`, which other doors may share.
    *Errors*: `InputError` for the plan. *Closes*: the wrapped transport, with itself.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport | None = None,
        *,
        plan: AnyPlan | None = None,
        seed: int | None = None,
        session: Session | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.session = session_of(plan, seed, session, clock)  # decides, and has the listeners
        self._hands = _Blocking(inner, wall.pause_ns if clock is None else clock.sleep)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request. *Errors*: httpx's own, as the network would raise them."""
        carried = Carried(self.session, self._hands, request)
        return at_once(carried.answer(lambda: streaming(_Stream, library_of(request))(carried)))

    def close(self) -> None:
        """Close the wrapped transport."""
        self._hands.close_inner()


class AsyncChaosTransport(httpx.AsyncBaseTransport):
    """The same for `httpx.AsyncClient`, on whatever loop the client runs."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport | None = None,
        *,
        plan: AnyPlan | None = None,
        seed: int | None = None,
        session: Session | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.session = session_of(plan, seed, session, clock)
        self._hands = _Awaiting(inner, clock)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request. *Errors*: httpx's own, as the network would raise them."""
        carried = Carried(self.session, self._hands, request)
        return await carried.answer(lambda: streaming(_Stream, library_of(request))(carried))

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        await self._hands.close_inner()


class _Blocking(Hands):
    """Waits and asks by blocking; what it gives never has to be waited for."""

    def __init__(self, inner: httpx.BaseTransport | None, sleep: Callable[[int], None]) -> None:
        self._inner = inner
        self._sleep = sleep

    async def sleep(self, ns: int) -> None:
        self._sleep(ns)

    async def ask(self, request: httpx.Request) -> httpx.Response:
        if self._inner is None:
            self._inner = library_of(request).HTTPTransport()
        return self._inner.handle_request(request)

    def close_inner(self) -> None:
        """Close the wrapped transport."""
        if self._inner is not None:
            self._inner.close()

    def pieces(self, stream: Any) -> Pieces:
        return _Pieces(iter(stream))

    async def close(self, answer: httpx.Response) -> None:
        answer.close()


class _Awaiting(Hands):
    """Waits and asks on the client's loop."""

    def __init__(self, inner: httpx.AsyncBaseTransport | None, clock: Clock | None) -> None:
        self._inner = inner
        self._clock = clock

    async def sleep(self, ns: int) -> None:
        if self._clock is None:
            await anyio.sleep(ns / 1e9)
        else:
            self._clock.sleep(ns)
            await anyio.lowlevel.checkpoint()

    async def ask(self, request: httpx.Request) -> httpx.Response:
        if self._inner is None:
            self._inner = library_of(request).AsyncHTTPTransport()
        return await self._inner.handle_async_request(request)

    async def close_inner(self) -> None:
        """Close the wrapped transport."""
        if self._inner is not None:
            await self._inner.aclose()

    def pieces(self, stream: Any) -> Pieces:
        return _AsyncPieces(aiter(stream))

    async def close(self, answer: httpx.Response) -> None:
        await answer.aclose()


class _Pieces(Pieces):
    """A body that is there, or that blocks."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    async def following(self) -> bytes | None:
        return next(self._pieces, None)


class _AsyncPieces(Pieces):
    """A body that comes on a loop."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    async def following(self) -> bytes | None:
        return await anext(self._pieces, None)

    async def close(self) -> None:
        if isinstance(self._pieces, AsyncGenerator):
            await self._pieces.aclose()


class _Stream:
    """The body of an answer, for a client that blocks or one on a loop."""

    def __init__(self, carried: Carried) -> None:
        self._carried = carried

    def __iter__(self) -> Iterator[bytes]:
        while (piece := at_once(self._carried.piece())) is not None:
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._carried.piece()) is not None:
            yield piece

    def close(self) -> None:
        """The client has read what it wanted."""
        at_once(self._carried.close())

    async def aclose(self) -> None:
        """The client has read what it wanted."""
        await self._carried.close()
