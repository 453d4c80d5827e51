"""What the toxics share that do something to the body of a reply: they follow one from its head to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.faults.tcp.frames.chunks import BadChunk, Chunks, spans
from fozzy.faults.tcp.frames.heads import BadHead, reply_of
from fozzy.faults.tcp.message import Body, Chunk, Item, Message, Strike
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

NO_BODY = "no_body"
UPSTREAM_FAILED = "upstream_failed"


class Bodied(Stage):
    """Base. `head` and `part` are called for a struck reply; `body` is how it is framed, as its head says when it comes here.

    Events of a struck reply are parts of it too.
    """

    def __init__(self, grip: Grip) -> None:
        super().__init__(grip)
        self.reply: Message | None = None  # the struck one that is under way
        self.strike: Strike | None = None
        self.body = Body("none")
        self.chunks = Chunks()

    def head(self, chunk: Chunk, now_ns: int) -> list[Item]:
        """The head of a struck reply that has a body."""
        raise NotImplementedError

    def part(self, chunk: Chunk, now_ns: int) -> list[Item]:
        """Bytes of its body, and lines between chunks; the last one is the reply's last."""
        raise NotImplementedError

    def gone(self) -> list[Item]:
        """It ended before its end came; returns what is held of it."""
        return []

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is not Chunk:
            return [*self.over(UPSTREAM_FAILED), item]
        if item.part == "head":
            return [*self.over(UPSTREAM_FAILED), *self._head(item, now_ns)]
        if self.reply is None:
            return [item]
        found = self.part(item, now_ns)
        if item.is_last and item.message is self.reply:
            self.reply = None
        return found

    def flush(self) -> list[Item]:
        return self.over("removed")

    def over(self, reason: str) -> list[Item]:
        """Nothing more of the present reply comes, or nothing more is done to it."""
        if self.reply is None:
            return []
        found = self.gone()
        self.reply = None
        if self.strike is not None:
            self.strike.bypassed(reason)
        return found

    def payload(self, data: bytes) -> list[tuple[bytes, bool]]:
        """Bytes of the body cut into those of the content, and those of its framing."""
        if self.body.how != "chunked":
            return [(data, True)]
        try:
            return list(spans(self.chunks, data))
        except BadChunk:
            return [(data, False)]

    def _head(self, chunk: Chunk, now_ns: int) -> list[Item]:
        strike = self.strike_of(chunk)
        if strike is None or chunk.message.of != "reply":
            return [chunk]
        try:
            self.body = reply_of(chunk.data, chunk.message.about).body
        except BadHead:
            self.body = Body("none")
        if self.body.how == "none":
            strike.bypassed(NO_BODY)
            return [chunk]
        self.reply, self.strike, self.chunks = chunk.message, strike, Chunks()
        found = self.head(chunk, now_ns)
        if chunk.is_last:
            self.reply = None
        return found
