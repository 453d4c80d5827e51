"""One request of an httpx client on its way through a chaos transport, for both kinds of clients alike.

It is written for a loop. A client that blocks runs it with `Hands` that never wait on one, so it is done at once.
Rule: what the client's read timeout would not wait for is a `ReadTimeout` after that time, whoever held the answer up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx

from fozzy.chaos.flow import End, Flow, Head, Step, Wait
from fozzy.chaos.hands import Hands, Pieces, at_once, library_of, streaming
from fozzy.chaos.passage import Passage
from fozzy.chaos.session import Session
from fozzy.core.exchange import Ending, Headers
from fozzy.faults.http.decision import Close, Give, Hold, Seen
from fozzy.faults.http.fixtures import Fixture
from fozzy.faults.http.headers import is_control

HANG_NS = 3600 * 10**9  # what "until the client leaves" is for a client without a read timeout
CLIENT = "127.0.0.1"  # who asks, for limits and targets by client; a proxy on this machine sees the same
SHORT = "peer closed connection without sending complete message body (a fault ended it)"
NO_ANSWER = "Server disconnected without sending a response. (a fault ended it)"
RESET = "connection reset by peer (a fault ended it)"
SLOW = "the read operation timed out (a fault held it up)"


class Carried:
    """A request, then its answer. *Closes*: `close`, which also records it."""

    def __init__(self, session: Session, hands: Hands, request: httpx.Request) -> None:
        self._session = session
        self._hands = hands
        self._request = request
        self._lib = library_of(request)
        timeout = (request.extensions.get("timeout") or {}).get("read")
        self._read_ns = None if timeout is None else round(timeout * 1e9)
        self._upload = hands.pieces(request.stream)
        self._answer: httpx.Response | None = None  # of the wrapped transport
        self._pieces: Pieces | None = None  # of its body
        self._more: Pieces | None = None  # of the true answer's body
        self._ready: deque[Step] = deque()
        self._slices: Iterator[tuple[int, bytes]] = iter(())
        self._passage: Passage
        self._flow: Flow

    async def answer(self, stream: Callable[[], Any]) -> httpx.Response:
        """The answer's head, with `stream` for its body. *Errors*: `httpx.TransportError`, and it is recorded."""
        try:
            held, is_whole = await self._gathered()
        except BaseException:
            await self._upload.close()
            raise
        self._passage = self._begun(b"".join(held), is_whole)
        try:
            head = await self._head(self._sent_on(held, is_whole))
        except BaseException as error:
            await self._end(self._ending(error))
            raise
        self._passage.status = head.status
        said = {} if self._answer is None else self._answer.extensions
        pairs = [*head.headers, *self._passage.evidence()]
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        found: httpx.Response = self._lib.Response(head.status, headers=headers, stream=stream(), extensions=said)
        return found

    async def piece(self) -> bytes | None:
        """What the client reads next, none at the end. *Errors*: `httpx.TransportError`, and it is recorded."""
        try:
            while not self._passage.is_finished:
                for wait_ns, data in self._slices:
                    await self._pause(wait_ns)
                    self._passage.sent += len(data)
                    return data
                if self._ready:
                    await self._carry_out(self._ready.popleft())
                elif self._more is not None:
                    self._ready.extend(await self._following(self._more))
                else:
                    await self._end("whole")
        except BaseException as error:
            await self._end(self._ending(error))
            raise
        return None

    async def close(self) -> None:
        """The client lets go. Where it has not read all it has left."""
        await self._end("client_gone")

    async def _gathered(self) -> tuple[list[bytes], bool]:
        """As much of the request's body as a decision needs, and whether that is all."""
        held: list[bytes] = []
        engine, size = self._session.engine, 0
        names = (name.decode("latin-1") for name, _ in self._request.headers.raw)
        is_idle = engine.is_idle and not engine.keyed and not any(is_control(name) for name in names)
        most = 0 if is_idle else engine.state.plan.key_bytes
        while size < most:
            piece = await self._upload.following()
            if piece is None:
                return held, True
            held.append(piece)
            size += len(piece)
        return held, False

    def _begun(self, body: bytes, is_whole: bool) -> Passage:
        request = self._request
        length = request.headers.get("content-length", "")
        size = len(body) if is_whole else int(length) if length.isdecimal() else None
        most = self._session.engine.state.plan.key_bytes
        chunked = "chunked" in request.headers.get("transfer-encoding", "")
        target = request.url.raw_path.decode("latin-1")
        seen = Seen(request.method, target, _pairs(request.headers), body[:most], size, chunked, CLIENT)
        return Passage(self._session, seen)

    def _sent_on(self, held: list[bytes], is_whole: bool) -> httpx.Request:
        """The request as the wrapped transport gets it: without headers that are for us."""
        passage, request = self._passage, self._request
        kept = [pair for pair in _pairs(request.headers) if not is_control(pair[0])]
        hook = self._session.outgoing
        headers = kept if hook is None else hook(kept, passage.decision)
        stream = streaming(Upload, self._lib)(self, held, is_whole)
        sent: httpx.Request = self._lib.Request(
            request.method, request.url, headers=headers, stream=stream, extensions=dict(request.extensions)
        )
        return sent

    async def _head(self, request: httpx.Request) -> Head:
        """What the client gets as a head; what follows is ready, or comes."""
        passage = self._passage
        own = passage.own_answer()
        if own is not None:
            return self._given(own)
        await self._pause(passage.decision.delay_ns)
        action = passage.before()
        if isinstance(action, Give):
            passage.apply()
            return self._given(action)
        if isinstance(action, Close):
            passage.apply()
            raise self._refused(action)
        if isinstance(action, Hold):
            passage.apply()
            await self._pause(action.wait_ns)
            assert action.then is not None, "what is held for ever ended above"
            return self._given(action.then)
        fixture = passage.fixture()
        return await (self._asked(request) if fixture is None else self._fixed(fixture))

    def _given(self, give: Give) -> Head:
        """An answer of ours."""
        self._flow = Flow(self._session.now_ns)
        head = Head.of(give.status, give.headers, self._request.method).with_length(len(give.body))
        self._ready.append(give.body if head.has_body else b"")
        return head

    async def _fixed(self, fixture: Fixture) -> Head:
        """The answer of the route."""
        await self._pause(fixture.delay_ns)
        head = Head.of(fixture.status, fixture.headers, self._request.method)
        if not fixture.is_stream:
            head = head.with_length(sum(len(piece) for _, piece in fixture.pieces))
        return await self._flowing(head, _Fixed(self, fixture.pieces if head.has_body else []))

    async def _asked(self, request: httpx.Request) -> Head:
        """The wrapped transport's answer, as far as it takes to know what the client gets as a head."""
        self._passage.asks()
        try:
            self._answer = answer = await self._hands.ask(request)
        except Exception as error:
            is_away = isinstance(error, self._lib.ConnectError | self._lib.ConnectTimeout)
            self._passage.fail("upstream_unreachable" if is_away else "upstream_closed")
            raise
        head = Head.of(answer.status_code, _pairs(answer.headers), self._request.method)
        self._pieces = self._hands.pieces(answer.stream)
        return await self._flowing(head, self._pieces)

    async def _flowing(self, true: Head, more: Pieces) -> Head:
        self._flow = self._passage.hear(true)
        self._more = more
        self._ready.extend(self._flow.start(true))
        while not self._ready:
            self._ready.extend(await self._following(more))
        head = self._ready.popleft()
        assert isinstance(head, Head), "a head comes first"
        return head

    async def _following(self, more: Pieces) -> list[Step]:
        """What the next piece of the true answer comes to."""
        try:
            piece = await more.following()
        except Exception:
            self._passage.fail("upstream_short")
            raise
        if piece is None:
            self._more = None
            self._passage.heard_all()
            return self._flow.end()
        self._passage.heard(piece)
        return self._flow.feed(piece)

    async def _carry_out(self, step: Step) -> None:
        if isinstance(step, bytes):
            self._slices = self._passage.slices(step, self._passage.decision.down) if step else iter(())
        elif isinstance(step, Wait):
            self._passage.settle(self._flow)
            await self._pause(step.ns)
        elif isinstance(step, End):
            self._passage.settle(self._flow)
            raise self._broken(step.how, SHORT)

    async def _pause(self, ns: int | None) -> None:
        """Wait, no longer than the client would; without a time until it leaves. *Errors*: `httpx.ReadTimeout`."""
        if ns == 0:
            return
        began, read_ns = self._session.now_ns(), self._read_ns
        is_long = ns is None or (read_ns is not None and ns >= read_ns)
        most_ns = HANG_NS if read_ns is None else read_ns
        await self._hands.sleep(most_ns if is_long else ns or 0)
        self._passage.waited_ns += self._session.now_ns() - began
        if is_long:
            raise self._lib.ReadTimeout(SLOW)

    def _refused(self, action: Close) -> Exception:
        """A connection that ends before a byte of an answer."""
        if self._passage.decision.planned == "connection_error":
            error: Exception = self._lib.ConnectError(RESET)
            return error
        return self._broken(action.how, NO_ANSWER)

    def _broken(self, how: str, said: str) -> Exception:
        """A connection that ends too early."""
        error: Exception = self._lib.RemoteProtocolError(said) if how == "fin" else self._lib.ReadError(RESET)
        return error

    def _ending(self, error: BaseException) -> Ending:
        """How an answer ended for the client that got this error."""
        if isinstance(error, self._lib.RemoteProtocolError):
            return "fin"
        is_slow = isinstance(error, self._lib.TimeoutException) or not isinstance(error, Exception)
        return "client_gone" if is_slow else "rst"

    async def _end(self, ended: Ending) -> None:
        """The record, once, and no more of the true answer."""
        if self._passage.is_finished:
            return
        if ended == "whole":
            self._passage.settle(self._flow)
        self._passage.finish(ended)
        await self._upload.close()
        if self._pieces is not None:
            await self._pieces.close()
        answer, self._answer = self._answer, None
        if answer is not None:
            await self._hands.close(answer)


class _Fixed(Pieces):
    """The body of a route's own answer, at its pace."""

    def __init__(self, carried: Carried, pieces: list[tuple[int, bytes]]) -> None:
        self._carried = carried
        self._pieces = iter(pieces)

    async def following(self) -> bytes | None:
        wait_ns, piece = next(self._pieces, (0, None))
        await self._carried._pause(wait_ns)
        return piece


class Upload:
    """A request's body on its way: what was gathered, then the rest, at the pace that bandwidth allows."""

    def __init__(self, carried: Carried, held: list[bytes], is_whole: bool) -> None:
        self._carried = carried
        self._held = deque(held)
        self._is_whole = is_whole
        self._slices: Iterator[tuple[int, bytes]] = iter(())

    async def piece(self) -> bytes | None:
        """The next part, none at the end."""
        while True:
            for wait_ns, data in self._slices:
                await self._carried._pause(wait_ns)
                return data
            piece = (
                self._held.popleft()
                if self._held
                else None
                if self._is_whole
                else await self._carried._upload.following()
            )
            if piece is None:
                return None
            passage = self._carried._passage
            passage.asked.add(piece)
            self._slices = passage.slices(piece, passage.decision.up)

    def __iter__(self) -> Iterator[bytes]:
        while (piece := at_once(self.piece())) is not None:
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self.piece()) is not None:
            yield piece


def _pairs(headers: httpx.Headers) -> Headers:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw]
