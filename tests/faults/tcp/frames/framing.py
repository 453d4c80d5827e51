"""A framer fed by hand: which messages it tells of, and what each is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fozzy.faults.tcp.frames.base import Framer
from fozzy.faults.tcp.message import Body, Chunk, Item, Message, Of
from fozzy.faults.tcp.plan import Stream


class Told(NamedTuple):
    """One message: what it is, about what, its bytes, whether its end was seen, what it answers."""

    stream: Stream
    of: Of
    about: str
    data: bytes
    whole: bool
    answers: int


class Listening:
    """A narrator that keeps all messages."""

    def __init__(self, framer: type[Framer]) -> None:
        self.framer = framer(self)
        self.messages: list[Message] = []
        self.chunks: list[Chunk] = []
        self._data: dict[Message, bytes] = {}

    def begin(
        self, stream: Stream, of: Of, about: str, request: Message | None = None, *, body: Body | None = None
    ) -> Message:
        """A message begins."""
        ordinal = 1 + sum(each.stream == stream for each in self.messages)
        message = Message(stream, of, about, ordinal, self.framer.offset(stream))
        message.request, message.body = request, body
        self.messages.append(message)
        self._data[message] = b""
        return message

    def end(self, message: Message) -> None:
        """It ended."""
        message.is_ended = True

    def take(self, items: Sequence[Item]) -> bytes:
        """Chunks go to their messages; returns their bytes."""
        for item in items:
            assert isinstance(item, Chunk)
            assert not item.message.is_ended, "nothing of a message comes behind its end"
            self.chunks.append(item)
            self._data[item.message] += item.data
            item.message.is_ended = item.is_last
        return b"".join(item.data for item in items if isinstance(item, Chunk))

    def say(self, stream: Stream, data: bytes, sizes: Sequence[int] = ()) -> bytes:
        """Bytes come, cut into reads of these sizes; the last takes the rest. Returns what is known of them."""
        known = b""
        for size in sizes:
            if data[:size]:
                known += self.take(list(self.framer.feed(stream, data[:size])))
            data = data[size:]
        return known + self.take(list(self.framer.feed(stream, data))) if data else known

    def finish(self, stream: Stream) -> bytes:
        """The stream ends."""
        return self.take(list(self.framer.finish(stream)))

    def told(self) -> list[Told]:
        """All messages in the order in which they began."""
        return [
            Told(
                each.stream,
                each.of,
                each.about,
                self._data[each],
                each.is_ended,
                0 if each.request is None else each.request.ordinal,
            )
            for each in self.messages
        ]

    def shape(self) -> list[tuple[str, int, str, bytes]]:
        """Chunks as they would be if neighbours of one part were one: the stream, the message, the part, the bytes."""
        found: list[tuple[str, int, str, bytes]] = []
        for chunk in self.chunks:
            key = (chunk.message.stream, chunk.message.ordinal, chunk.part)
            if found and found[-1][:3] == key and chunk.part == "body":
                found[-1] = (*key, found[-1][3] + chunk.data)
            elif chunk.data:
                found.append((*key, chunk.data))
        return found
