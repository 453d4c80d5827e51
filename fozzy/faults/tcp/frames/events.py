"""The body of a reply that is a stream of events, cut into events, what is between them, and lines between chunks.

An event is one piece, with all bytes from its first to its last: lines between chunks too, where it lies in several.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from fozzy.faults.http.events import Piece, Splitter
from fozzy.faults.tcp.message import Part


class Given(NamedTuple):
    """A piece. `before_line`: so many bytes of it come before the first line between chunks in it, 0 without one."""

    part: Part
    raw: bytes
    before_line: int = 0


class Events:
    """One such body. *Limits*: keeps at most one event, of at most `EVENT_BYTES_MAX`; a longer one is none."""

    def __init__(self) -> None:
        self._splitter = Splitter("sse", is_eager=True)
        self._held: deque[tuple[bytes, bool]] = deque()  # bytes, and whether they are of the stream
        self._at = 0  # so many of the first ones are gone

    def data(self, data: bytes) -> list[Given]:
        """Bytes of the stream came; the pieces that are known now."""
        self._held.append((data, True))
        return self._given(self._splitter.feed(data))

    def line(self, data: bytes) -> list[Given]:
        """A line between chunks came."""
        if not self._held:
            return [Given("frame", data)]
        self._held.append((data, False))
        return []

    def end(self) -> list[Given]:
        """The stream ended."""
        return self._given(self._splitter.end())

    def rest(self) -> bytes:
        """What is held, since this is no such stream after all."""
        raw = b"".join(each for each, _ in self._held)[self._at :]
        self._held.clear()
        self._at = 0
        return raw

    def _given(self, pieces: list[Piece]) -> list[Given]:
        found: list[Given] = []
        for piece in pieces:
            found.append(self._taken("event" if piece.is_event else "body", len(piece.raw)))
            while self._held and not self._held[0][1]:
                found.append(Given("frame", self._held.popleft()[0]))
        return found

    def _taken(self, part: Part, size: int) -> Given:
        """So many bytes of the stream, and the lines between them."""
        pieces: list[bytes] = []
        before_line, taken = 0, 0
        while taken < size:
            raw, is_data = self._held[0]
            end = min(len(raw), self._at + size - taken) if is_data else len(raw)
            pieces.append(raw[self._at : end])
            if is_data:
                taken += end - self._at
            else:
                before_line = before_line or taken
            self._at = end
            if end == len(raw):
                self._held.popleft()
                self._at = 0
        return Given(part, pieces[0] if len(pieces) == 1 else b"".join(pieces), before_line)
