"""Conversations through a framer: kept ones of real clients and servers, and any others, cut into reads at will."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from fozzy.faults.tcp.frames.base import Framer
from fozzy.faults.tcp.message import Chunk, Message, Of
from fozzy.faults.tcp.plan import Stream

KEPT = Path(__file__).parents[3] / "fixtures" / "wires"

Talk = list[tuple[Stream, bytes]]
Told = tuple[str, Of, str, str, int, bool]  # stream, what it is, what about, what its request is about, bytes, whole


def kept(name: str) -> list[Talk]:
    """The connections of a kept conversation."""
    connections = json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8"))
    return [[(stream, text.encode("latin-1")) for stream, text in each] for each in connections]


class Heard:
    """A narrator that keeps what it is told, and what came out."""

    def __init__(self, framer: type[Framer]) -> None:
        self.messages: list[Message] = []
        self.framer = framer(self)
        self.out: dict[Stream, bytes] = {"upstream": b"", "downstream": b""}
        self._over: set[Message] = set()
        self._counts = {"upstream": 0, "downstream": 0}

    def begin(self, stream: Stream, of: Of, about: str, request: Message | None = None) -> Message:
        self._counts[stream] += 1
        about = about or ("" if request is None else request.about)
        message = Message(stream, of, about, self._counts[stream], self.framer.offset(stream))
        message.request = request
        self.messages.append(message)
        return message

    def end(self, message: Message) -> None:
        message.is_ended = True

    def hear(self, stream: Stream, data: bytes, size: int = 0) -> None:
        """Bytes of one side, in reads of this size."""
        for part in reads(data, size):
            for item in self.framer.feed(stream, part):
                assert isinstance(item, Chunk) and item.data and item.message not in self._over
                assert item.offset == len(self.out[stream]) == item.message.offset + item.message.size
                self.out[stream] += item.data
                item.message.size += len(item.data)
                if item.is_last:
                    item.message.is_ended = True
                    self._over.add(item.message)

    def told(self) -> list[Told]:
        """Every message."""
        return [
            (each.stream, each.of, each.about, each.request.about if each.request else "", each.size, each.is_ended)
            for each in self.messages
        ]

    def abouts(self, stream: Stream = "upstream") -> list[str]:
        """What the messages of a stream are, and are about."""
        return [f"{each.of} {each.about}".strip() for each in self.messages if each.stream == stream]


def reads(data: bytes, size: int | Sequence[int]) -> Iterator[bytes]:
    """Bytes in reads of one size, or of these sizes and one of what is left."""
    if isinstance(size, int):
        for at in range(0, len(data), size or len(data) or 1):
            yield data[at : at + (size or len(data))]
        return
    for each in size:
        if data[:each]:
            yield data[:each]
        data = data[each:]
    if data:
        yield data


def heard(framer: type[Framer], talk: Talk, size: int | Sequence[int] = 0) -> Heard:
    """A whole conversation."""
    found = Heard(framer)
    for stream, data in talk:
        for part in reads(data, size):
            found.hear(stream, part)
    return found
