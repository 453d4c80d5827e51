"""A small server of HTTP/1.1: a thread for each connection, keep-alive, answers of a known size or in chunks."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httptools
import msgspec

from fozzy.chaos.services.standins.state import BROKEN, WHOLE, State

READ_BYTES = 65536
BACKLOG = 512
BODY_BYTES_MAX = 64 << 20
HEALTH = "/health"
REASONS = {200: b"OK", 400: b"Bad Request", 404: b"Not Found", 413: b"Content Too Large"}


class Request(NamedTuple):
    """One request; names of headers are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    read: Callable[[], dict[str, Any]]  # what the stand-in is to say now

    @property
    def said(self) -> dict[str, Any]:
        """What the stand-in is to say."""
        return self.read()

    def document(self) -> dict[str, Any]:
        """The JSON in it. *Errors*: `ValueError`."""
        found = msgspec.json.decode(self.body)
        if not isinstance(found, dict):
            raise ValueError("the body must be an object")
        return found


class Answer(NamedTuple):
    """One answer; a body that is no bytes goes out in chunks as they come."""

    body: bytes | Iterable[bytes]
    status: int = 200
    type: str = "application/json"


Answers = dict[str, Callable[[Request], Answer]]  # by the end of the path


def json_answer(document: Any, status: int = 200) -> Answer:
    """A document."""
    return Answer(msgspec.json.encode(document), status)


def serve(port: int, answers: Answers, state: State) -> None:
    """Take connections for ever. *Errors*: `OSError` where the port is not free."""
    with socket.create_server(("127.0.0.1", port), backlog=BACKLOG) as listening:
        for number in itertools.count(1):
            sock, _ = listening.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_Connection(sock, number, answers, state).run, daemon=True).start()


class _Connection:
    """One connection; its methods are called by the parser."""

    def __init__(self, sock: socket.socket, number: int, answers: Answers, state: State) -> None:
        self._socket = sock
        self._number = number
        self._answers = answers
        self._state = state
        self._parser = httptools.HttpRequestParser(self)
        self._target, self._headers, self._body = b"", dict[str, str](), bytearray()
        self._is_last = False
        self._whole: list[tuple[str, str, dict[str, str], bytes]] = []

    def run(self) -> None:
        """Answer what comes until the client has enough."""
        with self._socket, contextlib.suppress(OSError, httptools.HttpParserError):
            while data := self._socket.recv(READ_BYTES):
                self._parser.feed_data(data)
                whole, self._whole = self._whole, []
                for each in whole:
                    self._answer(*each)
                if len(self._body) > BODY_BYTES_MAX:
                    return
                if self._is_last:
                    return

    def on_message_begin(self) -> None:
        """Another request."""
        self._target, self._headers, self._body = b"", {}, bytearray()

    def on_url(self, url: bytes) -> None:
        """A piece of its target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Whoever waits to be told to go on may."""
        if self._headers.get("expect", "").lower() == "100-continue":
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """A piece of its body."""
        self._body += data

    def on_message_complete(self) -> None:
        """It is whole."""
        method = self._parser.get_method().decode("latin-1")
        self._is_last = not self._parser.should_keep_alive()  # it knows only now
        self._whole.append((method, self._target.decode("latin-1"), self._headers, bytes(self._body)))

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        parts = urlsplit(target)
        if parts.path == HEALTH:
            self._send(Answer(b"", 200), lambda: None)
            return
        begun = self._state.begin(self._number, method, target, headers, body)
        query = dict(parse_qsl(parts.query))
        request = Request(method, parts.path, query, headers, body, self._state.said)
        try:
            self._send(_made(self._answers, request), lambda: self._state.end(begun, WHOLE))
        except BaseException:
            self._state.end(begun, BROKEN)
            raise

    def _send(self, answer: Answer, last: Callable[[], None]) -> None:
        """All of it. `last` is called before what the client waits for, so that it is told when the client goes on."""
        head = b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\n" % (
            answer.status,
            REASONS.get(answer.status, b"Answer"),
            answer.type.encode(),
        )
        if isinstance(answer.body, bytes):
            last()
            self._socket.sendall(head + b"Content-Length: %d\r\n\r\n" % len(answer.body) + answer.body)
            return
        self._socket.sendall(head + b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in answer.body:
            self._socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        last()
        self._socket.sendall(b"0\r\n\r\n")


def _made(answers: Answers, request: Request) -> Answer:
    for path, made in answers.items():
        if request.path.endswith(path):
            try:
                return made(request)
            except (ValueError, KeyError, TypeError) as error:
                return _refused(400, f"the request cannot be read: {error}")
    return _refused(404, f"there is no {request.path} here")


def _refused(status: int, message: str) -> Answer:
    """An error in the form that clients of all of them read."""
    error = {"type": "invalid_request_error", "message": message}
    return json_answer({"type": "error", "error": error, "detail": message}, status)
