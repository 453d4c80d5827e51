"""Real HTTP on the host loop. Imports trio and httpx: only to be imported when a request is really sent.

Rule 1: every request has its own connection. A kept one may have died meanwhile, and the request would be blamed; and
a service that is asked to end would wait for it.
Rule 2: what is sent does not depend on the version of a library; what came is kept as it came, also when more fails.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import trio

from fozzy.core.blob import Blob
from fozzy.core.limits import Limits
from fozzy.world.failure import Failure, FailureKind
from fozzy.world.http.base import HttpAnswer, HttpRequest
from fozzy.world.http.coding import CodingError, decoder

CLOSE_S = 1.0  # a peer may not answer when we say goodbye
CAUSES_MAX = 64  # how far an error is followed to what caused it

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

# The first cause in this order decides; the libraries wrap what the system said.
_KIND_OF_CAUSE: tuple[tuple[type[BaseException], FailureKind], ...] = (
    (socket.gaierror, "not_found"),
    (ssl.SSLError, "protocol"),
    (ConnectionRefusedError, "refused"),
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
    (TimeoutError, "timeout"),
    (httpx.ReadError, "reset"),
    (httpx.WriteError, "reset"),
    (httpx.UnsupportedProtocol, "protocol"),
    (httpx.ProtocolError, "protocol"),
    (httpx.InvalidURL, "protocol"),
    (OSError, "io"),
    (ValueError, "protocol"),
)
_LEFT = re.compile("disconnected|peer closed")  # how h11 and httpcore say that the peer went away too early


class _Received:
    """What has come of an answer so far. *Limits*: `bytes_max` bytes of body, unpacked."""

    def __init__(self, bytes_max: int) -> None:
        self.status = 0
        self.failure: Failure | None = None
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self._bytes_max = bytes_max
        self._coding = decoder(None)

    def begin(self, response: httpx.Response) -> None:
        """Take the head."""
        self.status = response.status_code
        self._headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        self._coding = decoder(response.headers.get("content-encoding"))

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of the body; false when no more is wanted."""
        if self.failure is None:
            with self._told():
                self._body += self._coding.feed(chunk, self._bytes_max + 1 - len(self._body))
        if len(self._body) > self._bytes_max:
            del self._body[self._bytes_max :]
            self.failure = Failure("limit", f"the body is larger than body_bytes_max, {self._bytes_max} bytes")
        return self.failure is None

    def finish(self) -> None:
        """The body is over."""
        if self.failure is None:
            with self._told():
                self._coding.finish()

    def answer(self) -> HttpAnswer:
        """All of it."""
        body = Blob.of(bytes(self._body))
        return HttpAnswer(status=self.status, headers=self._headers, body=body, failure=self.failure)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except CodingError as error:
            self.failure = Failure("protocol", str(error))


class Client:
    """Sends real requests. *Limits*: the budget of each, `body_bytes_max`. *Closes*: by `aclose`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def exchange(self, request: HttpRequest, budget_ns: int) -> HttpAnswer:
        """The answer to one request, whole or with its failure; safe to run several at the same time."""
        received = _Received(self._limits.body_bytes_max)
        with trio.move_on_after(budget_ns / 1e9) as scope:
            await self._send(request, received)
        if scope.cancelled_caught:
            so_far = f"; the status was {received.status}" if received.status else ""
            message = f"{_peer(request)} had not answered in full after {budget_ns // 1_000_000} ms{so_far}"
            received.failure = Failure("timeout", message)
        return received.answer()

    async def aclose(self) -> None:
        """Close what is still open."""
        with trio.move_on_after(CLOSE_S):
            for client in self._clients.values():
                await client.aclose()

    async def _send(self, request: HttpRequest, received: _Received) -> None:
        try:
            wire = _on_the_wire(request)
            response = await self._client(wire.url.scheme).send(wire, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            received.failure = _failure(request, error)
            return
        try:
            received.begin(response)
            if response.status_code != SWITCHING_PROTOCOLS:  # what follows that is no longer HTTP
                await _read(response, received)
        except (httpx.HTTPError, OSError) as error:
            received.failure = _failure(request, error)
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
    return httpx.Request(request.method, url, headers=headers, content=request.body.data())


def _encoded(text: str) -> bytes:
    try:
        return text.encode("latin-1")  # as headers are read, so that one can be sent back as it came
    except UnicodeEncodeError:
        return text.encode("utf-8")


def _failure(request: HttpRequest, error: Exception) -> Failure:
    causes = list(_causes(error))
    for cause_type, kind in _KIND_OF_CAUSE:
        for cause in causes:
            if isinstance(cause, cause_type):
                return _told(request, "reset" if _went_away(cause) else kind, cause)
    return _told(request, "io", error)


def _went_away(cause: BaseException) -> bool:
    return isinstance(cause, httpx.RemoteProtocolError) and _LEFT.search(str(cause)) is not None


def _told(request: HttpRequest, kind: FailureKind, cause: BaseException) -> Failure:
    peer = _peer(request)
    said = str(cause) or type(cause).__name__
    sentences: dict[FailureKind, str] = {
        "not_found": f"the host of {peer} cannot be found: {said}",
        "refused": f"nobody listens on {peer}",
        "reset": f"{peer} ended the connection before its answer was whole: {said}",
        "protocol": f"the exchange with {peer} breaks the protocol: {said}",
    }
    return Failure(kind, sentences.get(kind, f"the exchange with {peer} failed: {said}"))


def _peer(request: HttpRequest) -> str:
    """Whom the request goes to; without a user and password that may stand before it."""
    try:
        return urlsplit(request.url).netloc.rpartition("@")[2] or repr(request.url)
    except ValueError:
        return repr(request.url)


def _causes(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException] = [error]
    for _ in range(CAUSES_MAX):
        if not waiting:
            return
        cause = waiting.pop(0)
        yield cause
        waiting += [further for further in (cause.__cause__, cause.__context__) if further is not None]
        if isinstance(cause, BaseExceptionGroup):
            waiting += cause.exceptions
