"""What the toxics share that change events: the framing around a changed one stays right.

Rule 1: of a stream that ends with its connection nothing else changes. In one of known length what an event lacks is made
up with a comment of as many bytes.
Rule 2: in chunks the line before a chunk is held until it is known what is in it; events that share one get one each.
Rule 3: what another stage gets is made as it came here: lines between chunks, and events, each an item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.faults.tcp.frames.chunks import BadChunk, Chunks, chunk_line, spans
from fozzy.faults.tcp.message import Body, Chunk, Item, Strike
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

UNFRAMED = "within_a_chunk"  # a toxic that is new does not know the chunk that an event is in
NO_ROOM = "no_room"
END = b"\r\n"


class Reframing(Stage):
    """Base. `changed` is called for every struck event."""

    def __init__(self, grip: Grip) -> None:
        super().__init__(grip)
        self._body: Body | None = None  # of the reply under way
        self._chunks: Chunks | None = None  # none while it is not known where in a chunk we are
        self._is_empty = False  # nothing is in the present chunk, so its end is left out
        self._model: Chunk | None = None  # the latest item

    def changed(self, event: bytes, chunk: Chunk, strike: Strike) -> bytes:
        """What a struck event becomes: other bytes, or none. It says `applied`, or why not."""
        raise NotImplementedError

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is not Chunk or item.message.body is None or not item.message.body.is_stream:
            return [item]
        if item.part == "head" or self._body is None:
            self._body, self._is_empty = item.message.body, False
            self._chunks = Chunks() if item.part == "head" else None
        self._model = item
        if item.part == "head":
            return [item]
        if self._body.how == "chunked":
            return self._line(item) if item.part == "frame" else self._chunked(item)
        data = self._new(item, item.data, is_fixed=self._body.how == "sized")
        return [item._replace(data=data)] if data or item.is_last else []

    def flush(self) -> list[Item]:
        """What is held of the framing, so that what comes next fits to it."""
        if self._chunks is None or self._model is None:
            return []
        frame = self._model._replace(is_last=False, part="frame")
        if self._chunks.left:
            return [frame._replace(data=chunk_line(self._chunks.left))]
        if not self._is_empty:
            return []
        return [
            frame._replace(data=chunk_line(1)),
            frame._replace(data=b"\n", part="body"),
        ]  # a blank line says nothing

    def _line(self, item: Chunk) -> list[Item]:
        """A line between chunks."""
        chunks = self._chunks
        if chunks is None:
            chunks = self._chunks = Chunks()
            if not item.data.strip():
                return [item]
        was = chunks.expected
        try:
            chunks.skim(item.data, 0)
        except BadChunk:
            self._chunks = None
            return [item]
        if chunks.expected == "data":
            return []
        if was == "end" and self._is_empty:
            self._is_empty = False
            return []
        return [item]

    def _chunked(self, item: Chunk) -> list[Item]:
        """Bytes of the stream, perhaps with lines between chunks among them."""
        chunks = self._chunks
        if chunks is None or chunks.expected != "data":
            strike = self.strike_of(item) if item.part == "event" else None
            if strike is not None:
                strike.bypassed(UNFRAMED)
            return [item]
        content = b"".join(data for data, is_content in spans(chunks, item.data) if is_content)
        data = self._new(item, content, is_fixed=False)
        if not data:
            self._is_empty = not chunks.left
            return []
        self._is_empty = False
        frame = item._replace(is_last=False, part="frame")
        passed: list[Item] = [frame._replace(data=chunk_line(len(data))), item._replace(data=data)]
        return [*passed, frame._replace(data=END)] if chunks.left else passed

    def _new(self, item: Chunk, data: bytes, *, is_fixed: bool) -> bytes:
        strike = self.strike_of(item) if item.part == "event" else None
        if strike is None:
            return data
        new = self.changed(data, item, strike)
        return new + comment(len(data) - len(new)) if is_fixed else new


def comment(size: int) -> bytes:
    """So many bytes that say nothing in a stream of events."""
    return b"\n" * size if size < 2 else b":" + b" " * (size - 2) + b"\n"
