"""A small server of HTTP/1.1: a thread for each connection, keep-alive, answers of a known size or in chunks.

Rule 1: whatever is wrong in a request is answered, as the services do it. Only what is no HTTP is hung up on.
Rule 2: what can go wrong in making an answer goes wrong before its head is out.
"""

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
UNREAD_BYTES_MAX = 1 << 30  # of a body that is too large; who is cut off while sending hears no answer
LINGER_S = 10.0
HEALTH = "/health"
SPOKEN = b" HTTP/1."
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
    """One answer; a body that is no bytes goes out in chunks as they come, by which time nothing may go wrong."""

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
        self._is_too_large = False
        self._whole: list[tuple[str, str, dict[str, str], bytes]] = []

    def run(self) -> None:
        """Answer what comes until the client has enough."""
        with self._socket, contextlib.suppress(OSError):
            while not self._is_last and (data := self._socket.recv(READ_BYTES)):
                wrong = self._fed(data)
                whole, self._whole = self._whole, []
                for each in whole:
                    self._answer(*each)
                if self._is_too_large:
                    self._refuse_body()
                elif wrong and (self._target or SPOKEN in data):
                    self._refuse(_refused(400, f"the request cannot be read: {wrong}"), lambda: None)

    def _fed(self, data: bytes) -> str:
        """What is wrong with what came, if anything is: then nothing that comes behind it can be read."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._is_last = True  # what it wants to speak is not spoken here; as HTTP it is whole but for its body
            self._whole = [(*each[:3], self._rest(data[upgrade.args[0] :])) for each in self._whole[-1:]]
        except httptools.HttpParserError as error:
            self._is_last = True
            return str(error) or type(error).__name__
        return ""

    def _rest(self, begun: bytes) -> bytes:
        """A body that the parser leaves to whoever speaks the other protocol."""
        body, size = bytearray(begun), int(self._headers.get("content-length", "0"))
        while len(body) < size and (data := self._socket.recv(READ_BYTES)):
            body += data
        return bytes(body[:size])

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
        """Whoever waits to be told to go on may, unless what they would send is too much."""
        self._is_too_large = self._is_too_large or int(self._headers.get("content-length", "0")) > BODY_BYTES_MAX
        if not self._is_too_large and self._headers.get("expect", "").lower() == "100-continue":
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """A piece of its body."""
        self._is_too_large = self._is_too_large or len(self._body) + len(data) > BODY_BYTES_MAX
        if not self._is_too_large:
            self._body += data

    def on_message_complete(self) -> None:
        """It is whole."""
        if self._is_too_large:
            return
        method = self._parser.get_method().decode("latin-1")
        self._is_last = not self._parser.should_keep_alive()  # it knows only now
        self._whole.append((method, self._target.decode("latin-1"), self._headers, bytes(self._body)))

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        path, query = _parts(target)
        if path == HEALTH:
            self._send(Answer(b"", 200), lambda: None)
            return
        begun = self._state.begin(self._number, method, target, headers, body)
        request = Request(method, path, query, headers, body, self._state.said)
        try:
            self._send(_made(self._answers, request), lambda: self._state.end(begun, WHOLE))
        except BaseException:
            self._state.end(begun, BROKEN)
            raise

    def _refuse_body(self) -> None:
        method, target = self._parser.get_method().decode("latin-1"), self._target.decode("latin-1")
        begun = self._state.begin(self._number, method, target, self._headers, b"")
        message = f"the body has more than {BODY_BYTES_MAX >> 20} MB"
        self._refuse(_refused(413, message), lambda: self._state.end(begun, WHOLE))

    def _refuse(self, answer: Answer, last: Callable[[], None]) -> None:
        """The last answer. What its client still sends is read, so that it hears the answer instead of a reset."""
        self._is_last = True
        self._send(answer, last, b"Connection: close\r\n")
        self._socket.shutdown(socket.SHUT_WR)
        self._socket.settimeout(LINGER_S)
        unread = 0
        while unread < UNREAD_BYTES_MAX and (data := self._socket.recv(READ_BYTES)):
            unread += len(data)

    def _send(self, answer: Answer, last: Callable[[], None], more: bytes = b"") -> None:
        """All of it. `last` is called before what the client waits for, so that it is told when the client goes on."""
        reason = REASONS.get(answer.status, b"Answer")
        head = b"HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%s" % (answer.status, reason, answer.type.encode(), more)
        if isinstance(answer.body, bytes):
            last()
            self._socket.sendall(head + b"Content-Length: %d\r\n\r\n" % len(answer.body) + answer.body)
            return
        self._socket.sendall(head + b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in answer.body:
            self._socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        last()
        self._socket.sendall(b"0\r\n\r\n")


def _parts(target: str) -> tuple[str, dict[str, str]]:
    """The path and the query in it."""
    try:
        parts = urlsplit(target)
    except ValueError:  # as `//[`, of which nobody has a page
        return target, {}
    return parts.path, dict(parse_qsl(parts.query))


def _made(answers: Answers, request: Request) -> Answer:
    for path, made in answers.items():
        if request.path.endswith(path):
            try:
                return made(request)
            except KeyError as error:
                return _refused(400, f"the request cannot be read: {error.args[0]} is missing")
            except Exception as error:  # it follows from the request alone, whatever it is
                return _refused(400, f"the request cannot be read: {error}")
    return _refused(404, f"there is no {request.path} here")


def _refused(status: int, message: str) -> Answer:
    """An error in the form that clients of all of them read."""
    error = {"type": "invalid_request_error", "message": message}
    return json_answer({"type": "error", "error": error, "detail": message}, status)
