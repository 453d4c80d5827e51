"""The control port: HTTP around a dispatch, on a listener and with tasks of its own, so that chaos never touches it.

Rule 1: who may not ask is refused before anything they sent is read further (`guard`).
Rule 2: heads, bodies, connections and times are bounded; whoever is over a bound gets an answer and the end.
Rule 3: the last few file descriptors of the process are kept for it: traffic may use up all others.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import trio
from trio.lowlevel import wait_readable

from fozzy.chaos.api.call import Answer, Call, Rejected, failed
from fozzy.chaos.api.dispatch import dispatch
from fozzy.chaos.api.guard import Guard
from fozzy.chaos.api.reading import BODY_BYTES_MAX
from fozzy.chaos.http.ends import End, listener_at
from fozzy.chaos.http.heads import Head
from fozzy.chaos.http.refusals import ClientGone, Refusal
from fozzy.chaos.http.requests import RequestReader
from fozzy.chaos.http.wire import Wire
from fozzy.errors import FozzyError
from fozzy.version import VERSION

CONNECTIONS_MAX = 64
REQUEST_TIMEOUT_S = 30.0  # from its first byte to the last of its answer
IDLE_TIMEOUT_S = 75.0
BACKLOG = 64
SPARES = 4  # connections that can be taken when the process has no file descriptor left
EXHAUSTED_S = 0.05
BUGS_MAX = 16  # that are kept
LINGER_S = 1.0
LINGER_BYTES_MAX = 1 << 20
_WIRE = Wire(header_bytes_max=128 * 1024, headers_max=64)  # a query's path may take 48 KiB, written with escapes
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class ControlServer:
    """Serves the controls. Without a token it must listen on this machine alone; whoever starts it sees to that.

    `ask` answers a call, at once or after waiting; `failing` writes what was refused before that.
    """

    def __init__(
        self,
        controls: Any,
        guard: Guard,
        ask: Callable[[Any, Call], Answer | Awaitable[Answer]] = dispatch,
        failing: Callable[[FozzyError], Answer] = failed,
    ) -> None:
        self.controls = controls
        self.guard = guard
        self._ask = ask
        self._failing = failing
        self.bugs: list[Exception] = []  # of ours, each of which ended a connection; whoever runs this tells them
        self._open = 0
        self._spares: list[int] = []

    async def serve(self, host: str, port: int, task_status: trio.TaskStatus[Any] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen until cancelled; `started` gives host and port. Then no socket and no task is left.

        *Errors*: `UsageError` where it cannot listen.
        """
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(listener_at(host, port, BACKLOG))
            stack.callback(self._let_go)
            self._keep()
            async with trio.open_nursery() as nursery:
                task_status.started(listener.getsockname()[:2])
                while True:
                    await wait_readable(listener)
                    sock = await self._accepted(listener)
                    if sock is not None:
                        nursery.start_soon(self._serve, sock)

    async def _accepted(self, listener: socket.socket) -> socket.socket | None:
        """The next connection; a spare descriptor makes room for it where there is no other."""
        try:
            return listener.accept()[0]
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                return None
        if not self._spares:
            await trio.sleep(EXHAUSTED_S)
            return None
        os.close(self._spares.pop())
        try:
            return listener.accept()[0]
        except OSError:
            return None

    def _keep(self) -> None:
        with contextlib.suppress(OSError):
            while len(self._spares) < SPARES:
                self._spares.append(os.open(os.devnull, os.O_RDONLY))

    def _let_go(self) -> None:
        while self._spares:
            os.close(self._spares.pop())

    async def _serve(self, sock: socket.socket) -> None:
        """One connection to its end."""
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = End(sock)
        self._open += 1
        try:
            reader = RequestReader(end, _WIRE)
            while await self._turn(reader, end):
                pass
            await _linger(end)
        except (ClientGone, OSError):
            pass
        except Exception as bug:  # a fault of ours ends one connection, and not the proxy
            if len(self.bugs) < BUGS_MAX:
                self.bugs.append(bug)
        finally:
            self._open -= 1
            end.close()
            self._keep()

    async def _turn(self, reader: RequestReader, end: End) -> bool:
        """One request and its answer; whether another may follow. *Errors*: `ClientGone`, `OSError`."""
        started = trio.CancelScope(deadline=trio.current_time() + IDLE_TIMEOUT_S)

        def begun() -> None:
            started.deadline = min(started.deadline, trio.current_time() + REQUEST_TIMEOUT_S)

        reader.when_begun = begun
        try:
            with started:
                head = await reader.head()
                if head is None:
                    return False
                started.deadline = trio.current_time() + REQUEST_TIMEOUT_S
                keeps = await self._answer(head, reader, end)
        except Refusal as refusal:
            said = Rejected(_own(refusal.status), "chaos.api_request", refusal.message)
            await end.send(_composed(self._failing(said), keeps=False))
            return False
        if started.cancelled_caught:
            return False
        return keeps

    async def _answer(self, head: Head, reader: RequestReader, end: End) -> bool:
        """Whether the connection can go on."""
        try:
            if self._open > CONNECTIONS_MAX:
                raise Rejected(503, "chaos.api_busy", f"more than {CONNECTIONS_MAX} connections are open")
            call = _call(head)
            self.guard.check(call)
            asked = self._ask(self.controls, call._replace(body=await _body(head, reader)))
            answer = asked if isinstance(asked, Answer) else await asked
            keeps = head.keeps and not head.upgrade
        except Rejected as rejected:
            answer, keeps = self._failing(rejected), False
        await end.send(_composed(answer, keeps=keeps, bare=head.method == "HEAD"))
        return keeps


def _call(head: Head) -> Call:
    path, _, query = head.target.partition("?")
    headers: dict[str, str] = {}
    for name, value in head.facts.headers:
        low = name.lower()
        headers[low] = f"{headers[low]}, {value}" if low in headers else value
    if head.facts.host is not None:
        headers["host"] = head.facts.host
    return Call(head.method, path, query, headers)


async def _body(head: Head, reader: RequestReader) -> bytes:
    """*Errors*: `Rejected` 413 without reading what is announced as too large."""
    length = head.facts.length or 0
    pieces: list[bytes] = []
    size = 0
    while size <= BODY_BYTES_MAX and length <= BODY_BYTES_MAX:
        piece = await reader.piece()
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
    raise Rejected(413, "chaos.api_too_large", f"the body has more than {BODY_BYTES_MAX} bytes")


def _own(status: int) -> int:
    """What the reader refuses is the client's doing, whatever it is called there."""
    return 400 if status >= 500 else status


def _composed(answer: Answer, *, keeps: bool, bare: bool = False) -> bytes:
    has_body = answer.status != HTTPStatus.NO_CONTENT  # and then no length either (RFC 9110, 8.6)
    rows = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"Server: fozzy/{VERSION}",
        *([f"Content-Type: {answer.type}", f"Content-Length: {len(answer.body)}"] if has_body else []),
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        *(f"{name}: {value}" for name, value in answer.headers),
        *([] if keeps else ["Connection: close"]),
    ]
    return "\r\n".join([*rows, "", ""]).encode("latin-1", "replace") + (b"" if bare else answer.body)


async def _linger(end: End) -> None:
    """End our half and read on for a moment, so that an answer is not lost with a reset."""
    await end.finish()
    size = 0
    with trio.move_on_after(LINGER_S):
        while size < LINGER_BYTES_MAX:
            data = await end.recv()
            if not data:
                return
            size += len(data)
