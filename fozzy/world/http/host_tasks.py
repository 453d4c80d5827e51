"""Real HTTP on the host loop. Imports trio and httpx: only to be imported when a request is really sent.

Rule 1: every request has its own connection. A kept one may have died meanwhile, and the request would be blamed; and
a service that is asked to end would wait for it.
Rule 2: what is sent does not depend on the version of a library; what came is kept as it came, also when more fails.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import trio

from fozzy.core.blob import Blob
from fozzy.core.limits import Limits
from fozzy.world.failure import Failure, over_limit
from fozzy.world.http.base import Answered, BurstAnswers, HttpAnswer, HttpBurst, HttpRequest
from fozzy.world.http.coding import CodingError, decoder
from fozzy.world.http.failures import failure_of, peer_of

if TYPE_CHECKING:
    import httpcore

PIECE_BYTES = 64 * 1024  # of a body, as it is sent
CLOSE_S = 1.0  # a peer may not answer when we say goodbye

SWITCHING_PROTOCOLS = 101

_DEFAULTS = (("accept", "*/*"), ("accept-encoding", "identity"), ("user-agent", "fozzy"))
_ORDINARY = (*_DEFAULTS, ("connection", "close"))
_UPGRADE = (
    *_DEFAULTS,
    ("connection", "Upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "Zm96enktZm96enktZm96eg=="),  # any 16 bytes will do (RFC 6455, 4.1): the same ones always
)


class _Room:
    """How many bytes may still be kept, of one answer or of all answers of a burst, whose heads count then too."""

    def __init__(self, bytes_max: int, heads_count: bool = False) -> None:
        self.bytes_max = bytes_max
        self.left = bytes_max
        self.heads_count = heads_count


class _Body(httpx.AsyncByteStream):
    """What is sent, in pieces. httpx's own is a generator, which a request that is cut off would leave open."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        piece = self._data[self._at : self._at + PIECE_BYTES]
        if not piece:
            raise StopAsyncIteration
        self._at += PIECE_BYTES
        return piece


class _Connection:
    """What a request is sent over. httpcore leaves it open when it is cancelled in a handshake. *Closes*: `aclose`."""

    def __init__(self) -> None:
        self._stream: httpcore.AsyncNetworkStream | None = None

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear from httpcore what happens."""
        if event == "connection.connect_tcp.complete":
            self._stream = info["return_value"]

    async def aclose(self) -> None:
        """Close it, if it was ever open; again and again if you like."""
        if self._stream is not None:
            with trio.CancelScope(deadline=trio.current_time() + CLOSE_S, shield=True):
                await self._stream.aclose()


class _Received:
    """What has come of an answer so far. *Limits*: as much of the unpacked body as there is room for."""

    def __init__(self, room: _Room) -> None:
        self.status = 0
        self.failure: Failure | None = None
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self._seen_bytes = 0
        self._room = room
        self._coding = decoder(None)

    def begin(self, response: httpx.Response) -> None:
        """Take the head."""
        self.status = response.status_code
        self._headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        self._coding = decoder(response.headers.get("content-encoding"))
        if self._room.heads_count:
            self._room.left -= sum(len(name) + len(value) for name, value in self._headers)
            if self._room.left < 0:
                self._headers, self._room.left = [], 0
                self._cut()

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of the body; false when no more is wanted."""
        if self.failure is not None:
            return False
        self._seen_bytes += len(chunk)
        with self._told():
            data = self._coding.feed(chunk, self._room.left + 1)
            self._body += data[: self._room.left]
            self._room.left -= len(data)
        if self._room.left < 0:
            self._room.left = 0
            self._cut()
        return self.failure is None

    def finish(self) -> None:
        """The body is over."""
        if self.failure is None:
            with self._told():
                self._coding.finish()

    def progress(self) -> str:
        """How far it came: a server that never answers, one that stalls and one that drips are told apart."""
        if not self.status:
            return "had not begun to answer"
        if not self._body:
            return f"had sent its headers, status {self.status}, and nothing of the body"
        return f"had sent status {self.status} and {len(self._body)} bytes of the body, not all of it"

    def answer(self) -> HttpAnswer:
        """All of it."""
        body = Blob.of(bytes(self._body))
        return HttpAnswer(status=self.status, headers=self._headers, body=body, failure=self.failure)

    def _cut(self) -> None:
        room = self._room
        what = "the answers of the burst are together" if room.heads_count else "the body is"
        seen_bytes = max(self._seen_bytes, room.bytes_max + 1)  # packed, more was seen than came
        self.failure = over_limit(what, "body_bytes_max", room.bytes_max, seen_bytes)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except CodingError as error:
            self.failure = Failure("protocol", str(error))


_UNSENT = HttpAnswer(failure=Failure("timeout", "the time was over before this request could be sent"))


class Client:
    """Sends real requests. *Limits*: the budget of each, `body_bytes_max`. *Closes*: by `aclose`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def exchange(self, request: HttpRequest, budget_ns: int, room: _Room | None = None) -> HttpAnswer:
        """The answer to one request, whole or with its failure; safe to run several at the same time.

        *Limits*: `budget_ns` for all of it: name, connection, TLS, request, head and body.
        """
        received = _Received(room or _Room(self._limits.body_bytes_max))
        with trio.move_on_after(budget_ns / 1e9) as scope:
            await self._send(request, received)
        if scope.cancelled_caught:
            message = f"after {budget_ns // 1_000_000} ms {peer_of(request)} {received.progress()}"
            received.failure = Failure("timeout", message)
        return received.answer()

    async def burst(self, burst: HttpBurst, budget_ns: int) -> BurstAnswers:
        """Every answer of a burst in the order of completion. *Limits*: `budget_ns` for all, `concurrency` at a time."""
        began = trio.current_time()
        room = _Room(self._limits.body_bytes_max, heads_count=True)
        numbers = iter(range(burst.count))
        answers: list[Answered] = []

        async def send_on() -> None:
            for index in numbers:
                sent = trio.current_time()
                left_ns = budget_ns - _ns(sent - began)
                own_ns = burst.request.timeout_ms * 10**6 or left_ns
                answer = await self.exchange(burst.request, min(own_ns, left_ns), room) if left_ns > 0 else _UNSENT
                now = trio.current_time()
                answers.append(Answered(index, _ns(now - began), _ns(now - sent), answer))

        async with trio.open_nursery() as senders:
            for _ in range(min(burst.concurrency, burst.count)):
                senders.start_soon(send_on)
        return BurstAnswers(answers=answers)

    async def aclose(self) -> None:
        """Close what is still open."""
        with trio.move_on_after(CLOSE_S):
            for client in self._clients.values():
                await client.aclose()

    async def _send(self, request: HttpRequest, received: _Received) -> None:
        connection = _Connection()
        try:
            await self._ask(request, received, connection)
        finally:
            await connection.aclose()

    async def _ask(self, request: HttpRequest, received: _Received, connection: _Connection) -> None:
        try:
            wire = _on_the_wire(request)
            wire.extensions["trace"] = connection.note
            response = await self._client(wire.url.scheme).send(wire, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            received.failure = failure_of(request, error, 0)
            return
        try:
            received.begin(response)
            if response.status_code != SWITCHING_PROTOCOLS:  # what follows that is no longer HTTP
                await _read(response, received)
        except (httpx.HTTPError, OSError) as error:
            received.failure = failure_of(request, error, received.status)
        finally:
            with trio.CancelScope(deadline=trio.current_time() + CLOSE_S, shield=True):
                await response.aclose()

    def _client(self, scheme: str) -> httpx.AsyncClient:
        """One per scheme: loading the authorities takes 30 ms, which plain HTTP need not pay."""
        if scheme not in self._clients:
            self._clients[scheme] = httpx.AsyncClient(
                verify=httpx.create_ssl_context() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                trust_env=False,
                follow_redirects=False,
                timeout=None,  # the budget bounds the whole exchange
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            )
        return self._clients[scheme]


def _ns(duration_s: float) -> int:
    return int(duration_s * 1e9)


async def _read(response: httpx.Response, received: _Received) -> None:
    with trio.CancelScope() as cut:
        async for chunk in response.aiter_raw():
            if not received.feed(chunk):
                cut.cancel()  # the next read unwinds the libraries' generators, which a `break` would leave open
    received.finish()


def _on_the_wire(request: HttpRequest) -> httpx.Request:
    """The request with the headers we add. *Errors*: what httpx says about an impossible one."""
    url = request.url
    if url.startswith(("ws://", "wss://")):
        url = "http" + url.removeprefix("ws")
    given = {name.lower() for name, _ in request.headers}
    added = [pair for pair in (_UPGRADE if request.is_upgrade() else _ORDINARY) if pair[0] not in given]
    headers = [(_encoded(name), _encoded(value)) for name, value in (*request.headers, *added)]
    data = request.body.data()
    wire = httpx.Request(request.method, url, headers=headers, content=data)
    wire.stream = _Body(data)
    return wire


def _encoded(text: str) -> bytes:
    try:
        return text.encode("latin-1")  # as headers are read, so that one can be sent back as it came
    except UnicodeEncodeError:
        return text.encode("utf-8")
