"""HTTP/1.1: a message is a request, a reply, an interim reply (`push`), or an event of a reply that is a stream of them.

Rule 1: a head is held until it is there, then a message begins; its body passes as it comes. An event begins when it is
there whole; what is between events is of the reply.
Rule 2: replies answer requests in order. After `101`, and `200` to CONNECT, all is opaque.
Rule 3: what has no size of a chunk where one should be stays in its message, whose end is never seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from fozzy.faults.tcp.frames.base import KNOWN_BYTES_MAX, Framer, Narrator
from fozzy.faults.tcp.frames.chunks import BadChunk, Chunks
from fozzy.faults.tcp.frames.events import Events, Given
from fozzy.faults.tcp.frames.heads import (
    INTERIM,
    BadHead,
    end_of,
    may_be_reply,
    may_be_request,
    reply_of,
    request_of,
)
from fozzy.faults.tcp.message import Body, Item, Message, Of
from fozzy.faults.tcp.plan import Stream

UPGRADED = 101
AGREED = range(200, 300)  # to CONNECT
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
TLS = b"\x16\x03"

Read = Callable[[bytes, int, list[Item]], int]


class Http(Framer):
    """Both streams of one connection."""

    def __init__(self, narrator: Narrator) -> None:
        super().__init__(narrator)
        self._sides: dict[Stream, Side] = {"upstream": Requests(self), "downstream": Replies(self)}
        self.waiting_to_go_on: set[int] = set()  # requests whose body is sent only when it is asked for

    def feed(self, stream: Stream, data: bytes) -> Iterator[Item]:
        return self._sides[stream].feed(data)

    def finish(self, stream: Stream) -> Iterator[Item]:
        yield from self._sides[stream].finish()
        yield from self.answers_due()

    def withheld(self, request: Message) -> list[Item]:
        """Its body is asked for here, since nobody else is going to."""
        is_next = bool(self.waiting) and self.waiting[0] is request
        if not is_next or request.ordinal not in self.waiting_to_go_on:
            return []
        push = self.narrator.begin("downstream", "push", request.about, request)
        return [self.chunk(push, GO_ON, "head", is_last=True)]

    def answered(self, reply: Message, data: bytes) -> list[Item]:
        head = end_of(data, 0)
        if head in (-1, len(data)):
            return [self.chunk(reply, data, "head", is_last=True)]
        return [self.chunk(reply, data[:head], "head"), self.chunk(reply, data[head:], "body", is_last=True)]

    def saying(self, data: bytes) -> str:
        return reply_of(data[: end_of(data, 0)], "").said

    def tunnel(self) -> None:
        """Another protocol is spoken from here on, in both streams."""
        self.lost = self.lost or "another protocol was agreed on"
        for side in self._sides.values():
            side.is_tunnel = True

    def over(self, reply: Message) -> None:
        """A reply is over. One that nobody asked for answers nothing."""
        if reply.request is not None:
            self.waiting_to_go_on.discard(reply.request.ordinal)
            self.replied()


class Side:
    """One stream: heads, and bodies between them. `feed` has a step for what is expected (`_read`)."""

    stream: Stream

    def __init__(self, framer: Http) -> None:
        self._framer = framer
        self._narrator = framer.narrator
        self._message: Message | None = None
        self._held = b""  # a head that is not there whole
        self._left = 0  # of a body whose length is known
        self._chunks = Chunks()
        self._events = Events()
        self._pending: deque[Given | None] = deque()  # pieces of a stream that are known and not given; none: its end
        self._read: Read = self._head
        self.is_tunnel = False  # after the present message all is opaque

    def feed(self, data: bytes) -> Iterator[Item]:
        """Bytes came."""
        items: list[Item] = []
        at = 0
        while at < len(data) or self._pending:
            if self._pending:
                self._give(self._pending.popleft(), items)
            else:
                at = self._read(data, at, items)
            yield from items
            items.clear()
            if self.stream == "downstream":
                yield from self._framer.answers_due()

    def finish(self) -> list[Item]:
        """The stream ended."""
        items: list[Item] = []
        if self._held:
            self._lose("", self._taken(b""), items)
        elif self._message is not None and self._message.body is not None:
            body = self._message.body
            if body.is_stream:
                self._give_all(self._events.end(), items)
                self._pass(self._events.rest(), items)
            if body.how == "close":
                self._last(items)
        return items

    # what each of the two streams does itself

    def _begin(self, head: bytes) -> Message:
        """A head is there. *Errors*: `BadHead`."""
        raise NotImplementedError

    def _may_be(self, data: bytes) -> bool:
        """Whether a head can still begin so."""
        raise NotImplementedError

    def _ended(self, message: Message) -> None:
        """A message is over."""

    # steps

    def _head(self, data: bytes, at: int, items: list[Item]) -> int:
        if self.is_tunnel:
            return self._lose("", self._taken(data[at:]), items, len(data))
        before = len(self._held)
        if before or at:
            data = self._taken(data[at:])
        end = end_of(data, max(0, before - 2))
        if end < 0 or end > KNOWN_BYTES_MAX:
            return self._part_of_head(data, at - before, end, items)
        try:
            message = self._begin(data[:end])
        except BadHead as error:
            return self._lose(str(error), data, items, at - before + len(data))
        self._body(message, data[:end], items)
        return at - before + end

    def _part_of_head(self, data: bytes, at: int, end: int, items: list[Item]) -> int:
        """The end of a head is not there. `at` is where all this begins among what came now."""
        if not self._may_be(data):
            self._lose("not HTTP/1.1", data, items)
        elif end >= 0 or len(data) > KNOWN_BYTES_MAX:
            self._lose("its head is too long", data, items)
        else:
            self._held = data
        return at + len(data)

    def _body(self, message: Message, head: bytes, items: list[Item]) -> None:
        """A message began: what is read next follows from its body."""
        body = message.body
        if body is None or body.how == "none" or (body.how == "sized" and not body.length):
            items.append(self._framer.chunk(message, head, "head", is_last=True))
            self._ended(message)
            return
        items.append(self._framer.chunk(message, head, "head"))
        self._message = message
        self._framer.is_amid = self._framer.is_amid or self.stream == "downstream"
        if body.is_stream:
            self._events = Events()
        self._follow(body)

    def _follow(self, body: Body) -> None:
        if body.how == "sized":
            self._left = body.length
            self._read = self._sized_events if body.is_stream else self._sized
        elif body.how == "chunked":
            self._chunks = Chunks()
            self._read = self._chunked_events if body.is_stream else self._chunked
        else:
            self._read = self._open_events if body.is_stream else self._open

    def _sized(self, data: bytes, at: int, items: list[Item]) -> int:
        end = min(len(data), at + self._left)
        self._left -= end - at
        self._pass(data[at:end], items, is_last=not self._left)
        return end

    def _chunked(self, data: bytes, at: int, items: list[Item]) -> int:
        try:
            end = self._chunks.skim(data, at)
        except BadChunk as error:
            return self._lose_body(str(error), data[at:], items, len(data))
        self._pass(data[at:end], items, is_last=self._chunks.is_over)
        return end

    def _open(self, data: bytes, at: int, items: list[Item]) -> int:
        self._pass(data[at:], items)
        return len(data)

    def _sized_events(self, data: bytes, at: int, items: list[Item]) -> int:
        end = min(len(data), at + self._left)
        self._left -= end - at
        self._pending += self._events.data(data[at:end])
        if not self._left:
            self._pending += [*self._events.end(), None]
        return end

    def _chunked_events(self, data: bytes, at: int, items: list[Item]) -> int:
        chunks = self._chunks
        is_data, line = chunks.expected == "data", chunks.line
        try:
            end = chunks.step(data, at)
        except BadChunk as error:
            self._give_all(self._events.end(), items)
            return self._lose_body(str(error), self._events.rest() + line + data[at:], items, len(data))
        if is_data:
            self._pending += self._events.data(data[at:end])
        elif not chunks.line:
            self._pending += self._events.line(line + data[at:end])
        if chunks.is_over:
            self._pending += [*self._events.end(), None]
        return end

    def _open_events(self, data: bytes, at: int, items: list[Item]) -> int:
        self._pending += self._events.data(data[at:])
        return len(data)

    def _opaque(self, data: bytes, at: int, items: list[Item]) -> int:
        assert self._message is not None
        items.append(self._framer.chunk(self._message, data[at:]))
        return len(data)

    # what becomes of it

    def _pass(self, data: bytes, items: list[Item], *, is_last: bool = False) -> None:
        """Bytes of the body."""
        assert self._message is not None
        if data or is_last:
            items.append(self._framer.chunk(self._message, data, "body", is_last=is_last))
        if is_last:
            self._over()

    def _last(self, items: list[Item]) -> None:
        """The body is over, and all its bytes are given."""
        self._pass(b"", items, is_last=True)

    def _give_all(self, given: list[Given], items: list[Item]) -> None:
        """These and all that are pending, at once."""
        self._pending += given
        while self._pending:
            self._give(self._pending.popleft(), items)

    def _give(self, given: Given | None, items: list[Item]) -> None:
        """A piece of a stream of events, or its end. An event begins only now."""
        if given is None:
            self._last(items)
            return
        reply = self._message
        assert reply is not None
        part, raw, before_line = given
        if part == "event":
            body = reply.body if not before_line or reply.body is None else reply.body._replace(length=before_line)
            event = self._narrator.begin(self.stream, "event", reply.about, reply.request, body=body)
            items.append(self._framer.chunk(event, raw, part, is_last=True))
        else:
            items.append(self._framer.chunk(reply, raw, part))

    def _over(self) -> None:
        message, self._message = self._message, None
        self._read = self._head
        assert message is not None
        self._framer.is_amid = self._framer.is_amid and self.stream != "downstream"
        self._ended(message)

    def _lose(self, why: str, data: bytes, items: list[Item], end: int = 0) -> int:
        """What comes from here on is opaque."""
        self._framer.lost = self._framer.lost or ("encrypted" if why and data.startswith(TLS) else why)
        self._message = self._narrator.begin(self.stream, "opaque", "")
        self._read = self._opaque
        items.append(self._framer.chunk(self._message, data))
        return end

    def _lose_body(self, why: str, data: bytes, items: list[Item], end: int) -> int:
        """The rest of the stream is of this message."""
        self._framer.lost = self._framer.lost or why
        self._read = self._open
        self._pass(data, items)
        return end

    def _taken(self, data: bytes) -> bytes:
        """What is held, and more."""
        held, self._held = self._held, b""
        return held + data


class Requests(Side):
    """From the client."""

    stream = "upstream"

    def _begin(self, head: bytes) -> Message:
        request = request_of(head)
        message = self._narrator.begin("upstream", "request", request.about, body=request.body)
        message.said = request.said
        self._framer.waiting.append(message)
        if request.is_waiting:
            self._framer.waiting_to_go_on.add(message.ordinal)
        return message

    def _may_be(self, data: bytes) -> bool:
        return may_be_request(data)


class Replies(Side):
    """From the server."""

    stream = "downstream"

    def _begin(self, head: bytes) -> Message:
        request = self._framer.waiting[0] if self._framer.waiting else None
        about = "" if request is None else request.about
        reply = reply_of(head, about)
        of: Of = "push" if reply.status in INTERIM and reply.status != UPGRADED else "reply"
        if reply.status == UPGRADED or (about.startswith("CONNECT ") and reply.status in AGREED):
            self._framer.tunnel()
        message = self._narrator.begin("downstream", of, about, request, body=reply.body)
        message.said = reply.said
        return message

    def _may_be(self, data: bytes) -> bool:
        return may_be_reply(data)

    def _ended(self, message: Message) -> None:
        if message.of == "reply":
            self._framer.over(message)
