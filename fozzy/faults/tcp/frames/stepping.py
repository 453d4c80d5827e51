"""What framers share that go message by message: holding what is not known yet, and giving up where nothing is understood.

To make one: a subclass with `_up` and `_down`. Each reads on at an offset and returns where it stopped; none where it
must see more, `Lost` where it does not understand. To stop where it began is a step too: it is asked again, and answers
of ours that are due go before.
"""

from __future__ import annotations

from collections.abc import Iterator

from fozzy.faults.tcp.frames.base import Framer, Lost, Narrator
from fozzy.faults.tcp.message import Item, Message
from fozzy.faults.tcp.plan import Stream


class Stepping(Framer):
    """Base. What is under way in each stream ends where it could still be read; all behind that is opaque."""

    def __init__(self, narrator: Narrator) -> None:
        super().__init__(narrator)
        self.under_way: dict[Stream, Message | None] = {"upstream": None, "downstream": None}
        self.opaque: dict[Stream, Message | None] = {}  # the message begins with its first byte
        self._held: dict[Stream, bytes] = {"upstream": b"", "downstream": b""}

    def feed(self, stream: Stream, data: bytes) -> Iterator[Item]:
        found: list[Item] = []
        held, self._held[stream] = self._held[stream], b""
        if held:
            data = held + data
        at = 0
        while at < len(data):
            if stream in self.opaque:
                yield self.chunk(self._opaque_of(stream), data[at:])
                return
            try:
                end = self._step(stream, data, at, found)
            except Lost as error:
                end = self._lose(stream, data, at, error, found)
            if end is None:
                self._held[stream] = data[at:]
            yield from found
            found.clear()
            if stream == "downstream":
                yield from self.answers_due()
            if end is None:
                return
            at = end

    def finish(self, stream: Stream) -> list[Item]:
        held, self._held[stream] = self._held[stream], b""
        if not held:
            return []
        return [self.chunk(self.narrator.begin(stream, "opaque", ""), held)]

    def _up(self, data: bytes, at: int, found: list[Item]) -> int | None:
        """Bytes of the client."""
        raise NotImplementedError

    def _down(self, data: bytes, at: int, found: list[Item]) -> int | None:
        """Bytes of the server."""
        raise NotImplementedError

    def _step(self, stream: Stream, data: bytes, at: int, found: list[Item]) -> int | None:
        return self._up(data, at, found) if stream == "upstream" else self._down(data, at, found)

    def _opaque_of(self, stream: Stream) -> Message:
        message = self.opaque[stream] or self.narrator.begin(stream, "opaque", "")
        self.opaque[stream] = message
        return message

    def _lose(self, stream: Stream, data: bytes, at: int, lost: Lost, found: list[Item]) -> int:
        self.lost = self.lost or str(lost)
        message = self.under_way[stream]
        if message is not None:
            if lost.at > at:
                found.append(self.chunk(message, data[at : lost.at]))
            self.narrator.end(message)
        self.opaque[stream] = None
        self.is_amid = self.is_amid or stream == "downstream"
        return max(at, lost.at)
