"""A client and a server that speak HTTP through one toxic, and what the client's parser made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httptools

from fozzy.errors import InputError
from fozzy.faults.tcp.check import checked
from fozzy.faults.tcp.frames.chunks import Chunks
from fozzy.faults.tcp.frames.heads import end_of
from tests.faults.tcp.wiring import Got, Wire, comparable, merged, plan, toxic

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
JSON = b'{"answer": [1, 2, 3], "text": "\xc3\xa4"}'
EVENTS = [b"id: 1\ndata: a\n\n", b'id: 2\r\ndata: {"b":\r\ndata: 2}\r\n\r\n', "id: 3\ndata: \u20ac\n\n".encode()]
STREAM = b": hello\n" + b"".join(EVENTS)


def sized(body: bytes, kind: str = "application/json") -> bytes:
    """A reply of known length."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (kind.encode(), len(body), body)


def chunked(*pieces: bytes, kind: str = "application/json") -> bytes:
    """A reply in chunks."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % kind.encode()
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def open_ended(body: bytes, kind: str = "application/json") -> bytes:
    """A reply that ends with its connection."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n\r\n%b" % (kind.encode(), body)


def streams() -> list[bytes]:
    """The stream of events in every framing: each in a chunk of its own, all in one, cut anywhere, and without."""
    kind = "text/event-stream"
    cut = [STREAM[at : at + 7] for at in range(0, len(STREAM), 7)]
    return [
        chunked(b": hello\n", *EVENTS, kind=kind),
        chunked(STREAM, kind=kind),
        chunked(*cut, kind=kind),
        sized(STREAM, kind),
        open_ended(STREAM, kind),
    ]


def wire(type_: str, **said: Any) -> Wire:
    """One connection with one toxic on it."""
    return Wire(toxic(type_, **said), protocol="http")


def refused(type_: str, **said: Any) -> str:
    """What is said of a toxic that cannot be."""
    try:
        checked(plan(toxic(type_, **said), protocol="http"))
    except InputError as error:
        return error.message
    raise AssertionError("it is accepted")


def asked(talk: Wire, reply: bytes, sizes: Sequence[int] = (), request: bytes = GET) -> Wire:
    """A request, and the reply in these reads."""
    talk.send("upstream", request)
    talk.send("downstream", reply, sizes=sizes)
    return talk


def came(got: Got) -> Got:
    """What the client got, at which times, however it was cut."""
    return merged([each for each in got if each[1] == "downstream"])


def records(talk: Wire) -> list[Any]:
    """What is told of messages, by stream."""
    told = [each for each in comparable(talk) if each["kind"] == "message"]
    return sorted(told, key=_place)


def _place(spoken: dict[str, Any]) -> tuple[str, int]:
    return (str(spoken["stream"] == "downstream"), int(spoken["message"]))


def cuts(type_: str, reply: bytes, request: bytes = GET, **said: Any) -> Wire:
    """The toxic's work on one reply, which is the same byte by byte and in reads of seven."""
    found: list[tuple[Wire, Any]] = []
    for sizes in ((), [1] * len(reply), [7] * len(reply)):
        talk = asked(wire(type_, **said), reply, sizes, request)
        talk.end("downstream", 0)
        talk.all()
        talk.close()
        found.append((talk, (came(talk.got), records(talk))))
    assert found[0][1] == found[1][1] == found[2][1]
    return found[0][0]


class Reply:
    """What a parser makes of a reply. `is_whole` where it saw its end."""

    def __init__(self, data: bytes) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_whole = False
        parser = httptools.HttpResponseParser(self)
        parser.feed_data(data)
        self.status = parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, data: bytes) -> None:
        """Some of the body."""
        self.body += data

    def on_message_complete(self) -> None:
        """The end."""
        self.is_whole = True


def reply(talk: Wire) -> Reply:
    """What the client got."""
    return Reply(talk.bytes_of("downstream"))


def body_of(reply: bytes) -> bytes:
    """What is behind the head."""
    return reply[end_of(reply, 0) :]


def content_of(reply: bytes) -> bytes:
    """The content of a body, as far as it is there, without its framing."""
    body = body_of(reply)
    if b"chunked" not in reply:
        return body
    chunks, found, at = Chunks(), b"", 0
    while at < len(body) and not chunks.is_over:
        is_content, start = chunks.expected == "data", at
        at = chunks.step(body, at)
        found += body[start:at] if is_content else b""
    return found
