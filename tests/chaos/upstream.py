"""A counting upstream for tests: a small real server on threads that also misbehaves in every way a test asks for.

    with Upstream() as upstream:
        upstream.on("/events", sse(["one", "two"], gap_s=0.05))
        ...
        assert upstream.count == 1

A path without a handler of its own echoes what was asked, as JSON. A handler writes bytes to the socket itself, so an
answer can be anything; it returns whether the connection is kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

HEAD_BYTES_MAX = 1 << 20
HELD_S = 30.0


class Request(NamedTuple):
    """One request as it came."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    trailers: list[tuple[str, str]]
    version: str
    connection: int  # the n-th connection, from 1

    def header(self, name: str) -> str | None:
        """The value of a header, whatever its spelling."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), None)


class Broken(Exception):
    """The other side went away, or does not speak HTTP."""


class Line:
    """One connection of the server, read piece by piece."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.socket = sock
        self.number = number
        self._ahead = b""

    def send(self, data: bytes) -> None:
        """Send all of it."""
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Broken from error

    def until(self, mark: bytes) -> bytes:
        """What comes up to a mark, which is taken away."""
        while mark not in self._ahead:
            if len(self._ahead) > HEAD_BYTES_MAX:
                raise Broken
            self._more()
        found, _, self._ahead = self._ahead.partition(mark)
        return found

    def exactly(self, size: int) -> bytes:
        """So many bytes."""
        while len(self._ahead) < size:
            self._more()
        found, self._ahead = self._ahead[:size], self._ahead[size:]
        return found

    def some(self) -> bytes:
        """Whatever comes next; nothing at the end."""
        if self._ahead:
            found, self._ahead = self._ahead, b""
            return found
        try:
            return self.socket.recv(65536)
        except OSError as error:
            raise Broken from error

    def wait_closed(self, seconds: float) -> None:
        """Wait until the other side leaves."""
        self.socket.settimeout(seconds)
        with suppress(OSError):
            while self.socket.recv(65536):
                pass

    def reset(self) -> None:
        """End it with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _more(self) -> None:
        try:
            data = self.socket.recv(65536)
        except OSError as error:
            raise Broken from error
        if not data:
            raise Broken
        self._ahead += data


Handler = Callable[[Request, Line], bool]


class Upstream:
    """A server on a port of its own. `count` and `requests` are of whole requests, `opened` of connections."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.heads = 0  # requests of which at least the head came
        self.opened = 0
        self._handlers: dict[str, Handler] = {}
        self._tls = tls
        self._lock = threading.Lock()
        self._lines: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{'localhost' if tls else host}:{self.port}"
        self._is_closing = False
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def count(self) -> int:
        """How many requests came."""
        return len(self.requests)

    def on(self, path: str, handler: Handler) -> None:
        """What a path does, its query left out."""
        self._handlers[path] = handler

    def close(self) -> None:
        """Stop: nobody listens and every connection is reset."""
        if self._is_closing:
            return
        self._is_closing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(5)
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def cut(self) -> None:
        """End every connection there is now, as a server does that restarts."""
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Upstream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.opened += 1
                self._lines.add(sock)
                thread = threading.Thread(target=self._serve, args=(sock, self.opened), daemon=True)
                self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        raw = sock
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            line = Line(sock, number)
            while self._answer(line):
                pass
        except (Broken, OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._lines.discard(raw)
            sock.close()

    def _answer(self, line: Line) -> bool:
        method, target, version, headers = _head(line.until(b"\r\n\r\n"))
        with self._lock:
            self.heads += 1
        early = self._handlers.get("early:" + target.partition("?")[0])
        if early is not None:
            return early(Request(method, target, headers, b"", [], version, line.number), line)
        body, trailers = _body(line, headers)
        request = Request(method, target, headers, body, trailers, version, line.number)
        with self._lock:
            self.requests.append(request)
        return self._handlers.get(target.partition("?")[0], echo)(request, line)


def _head(data: bytes) -> tuple[str, str, str, list[tuple[str, str]]]:
    first, *rest = data.decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    pairs = [line.partition(":") for line in rest]
    return method, target, version.removeprefix("HTTP/"), [(name, value.strip()) for name, _, value in pairs]


def _body(line: Line, headers: list[tuple[str, str]]) -> tuple[bytes, list[tuple[str, str]]]:
    named = {name.lower(): value for name, value in headers}
    if named.get("transfer-encoding") == "chunked":
        pieces = []
        while size := int(line.until(b"\r\n"), 16):
            pieces.append(line.exactly(size + 2)[:-2])
        trailers = []
        while row := line.until(b"\r\n"):
            name, _, value = row.decode("latin-1").partition(":")
            trailers.append((name, value.strip()))
        return b"".join(pieces), trailers
    return line.exactly(int(named.get("content-length", "0"))), []


def head_of(status: int, headers: list[tuple[str, str]], reason: str = "OK") -> bytes:
    """The head of an answer, as bytes."""
    rows = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(rows) + "\r\n\r\n").encode("latin-1")


def echo(request: Request, line: Line) -> bool:
    """What was asked, as JSON."""
    asked = {
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "body": request.body.decode("latin-1"),
        "trailers": request.trailers,
    }
    return plain(200, [("Content-Type", "application/json")], json.dumps(asked).encode())(request, line)


def plain(status: int, headers: list[tuple[str, str]], body: bytes, reason: str = "OK") -> Handler:
    """An answer with its length; of HEAD only the head."""

    def handle(request: Request, line: Line) -> bool:
        head = head_of(status, [*headers, ("Content-Length", str(len(body)))], reason)
        line.send(head if request.method == "HEAD" else head + body)
        return True

    return handle


def bare(data: bytes, keep: bool = True) -> Handler:
    """Exactly these bytes."""

    def handle(request: Request, line: Line) -> bool:
        line.send(data)
        return keep

    return handle


def chunked(
    pieces: list[bytes],
    *,
    gap_s: float = 0,
    headers: list[tuple[str, str]] | None = None,
    trailers: list[tuple[str, str]] | None = None,
    terminated: bool = True,
) -> Handler:
    """An answer in chunks with time between them; without its terminator it dies after the last one."""

    def handle(request: Request, line: Line) -> bool:
        line.send(head_of(200, [*(headers or []), ("Transfer-Encoding", "chunked")]))
        for index, piece in enumerate(pieces):
            if index and gap_s:
                time.sleep(gap_s)
            line.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        if not terminated:
            return False
        line.send(b"0\r\n" + b"".join(f"{name}: {value}\r\n".encode() for name, value in trailers or []) + b"\r\n")
        return True

    return handle


def sse(events: list[str], *, gap_s: float = 0, terminated: bool = True) -> Handler:
    """A stream of server-sent events, each one `data:` line."""
    pieces = [f"data: {event}\n\n".encode() for event in events]
    return chunked(pieces, gap_s=gap_s, headers=[("Content-Type", "text/event-stream")], terminated=terminated)


def ndjson(lines: list[object], *, gap_s: float = 0) -> Handler:
    """A stream of JSON lines."""
    pieces = [json.dumps(line).encode() + b"\n" for line in lines]
    return chunked(pieces, gap_s=gap_s, headers=[("Content-Type", "application/x-ndjson")])


def until_closed(body: bytes, headers: list[tuple[str, str]] | None = None) -> Handler:
    """An answer that ends with its connection."""

    def handle(request: Request, line: Line) -> bool:
        line.send(head_of(200, headers or []) + body)
        return False

    return handle


def dies(body: bytes, of: int, *, how: str = "fin") -> Handler:
    """An answer that promises `of` bytes, sends fewer and ends with FIN or RST."""

    def handle(request: Request, line: Line) -> bool:
        line.send(head_of(200, [("Content-Length", str(of))]) + body)
        if how == "rst":
            time.sleep(0.05)  # what was sent must not be lost with the reset
            line.reset()
        return False

    return handle


def closes(how: str = "fin") -> Handler:
    """No answer at all."""

    def handle(request: Request, line: Line) -> bool:
        if how == "rst":
            line.reset()
        return False

    return handle


def hangs(seconds: float = 30, head: bytes = b"") -> Handler:
    """Says `head` and then nothing, until the other side leaves."""

    def handle(request: Request, line: Line) -> bool:
        if head:
            line.send(head)
        line.wait_closed(seconds)
        return False

    return handle


def slow(held: float | threading.Event, then: Handler = echo) -> Handler:
    """Answers late: after so many seconds, or when it is let go."""

    def handle(request: Request, line: Line) -> bool:
        if isinstance(held, threading.Event):
            held.wait(HELD_S)
        else:
            time.sleep(held)
        return then(request, line)

    return handle


def websocket_echo(request: Request, line: Line) -> bool:
    """Accepts a websocket and sends back every byte, until the other side has ended its half."""
    key = (request.header("sec-websocket-key") or "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
    line.send(head_of(101, headers, "Switching Protocols"))
    while data := line.some():
        line.send(data)
    line.send(b"bye")
    return False
