"""Streams of events, split as they come: server-sent events (WHATWG HTML, 9.2) and JSON lines.

Rule 1: the pieces of a stream, joined, are the stream, byte for byte; how it was sliced on its way does not matter.
Rule 2: only what a client would be told about is an event: a comment, a lone `retry` or a blank line is not.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["sse", "ndjson"]

EVENT_BYTES_MAX = 1024 * 1024  # a longer event is passed on in pieces that are no events

_END = re.compile(rb"\r\n|\n|\r")
_NEWLINE = re.compile(rb"\n")
_CR = 13
_BOM = b"\xef\xbb\xbf"
_KINDS: dict[str, Kind] = {
    "text/event-stream": "sse",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson",
    "application/jsonlines": "ndjson",
    "application/stream+json": "ndjson",
}


class Piece(NamedTuple):
    """Some bytes of a stream; `is_event` where they are one whole event."""

    raw: bytes
    is_event: bool


def kind_of(content_type: str) -> Kind | None:
    """Which kind of stream a content type announces."""
    return _KINDS.get(content_type.partition(";")[0].strip().lower())


class Splitter:
    """Splits one stream. *Limits*: keeps at most one event and one slice; an event over `event_bytes_max` is none.

    With `is_eager` nothing waits that need not: a comment before an event is a piece, and an event of a stream whose lines
    end with a lone CR is there with that CR.
    """

    def __init__(self, kind: Kind, event_bytes_max: int = EVENT_BYTES_MAX, *, is_eager: bool = False) -> None:
        self.kind = kind
        self._is_eager = is_eager
        self._is_lone = False  # the last line of the present event ended with a lone CR
        self.event_bytes_max = event_bytes_max
        self.too_long = 0  # events that were too long to be one
        self._held = bytearray()
        self._line = 0  # where the present line begins
        self._scan = 0  # up to where no line ends
        self._end = _END if kind == "sse" else _NEWLINE
        self._has_data = False
        self._is_late = False  # the beginning of the present event was passed on already
        self._is_cut = False  # and that of the present line too

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that are complete now."""
        self._held += data
        pieces: list[Piece] = []
        while (found := self._end.search(self._held, self._scan)) is not None:
            start, end = found.span()
            if self._is_lone and start == self._line and self._held[start] == _CR:
                end = start + 1  # what follows is not looked at, so it need not be there
            elif self._held[end - 1] == _CR and end == len(self._held):
                break  # the other half of this line's end may still come
            self._is_lone = self._is_eager and self._held[end - 1] == _CR
            self._take(start, end, pieces)
        else:
            self._scan = len(self._held)
        if len(self._held) > self.event_bytes_max:
            self._pass_on(pieces)
        return pieces

    def end(self) -> list[Piece]:
        """What is left when the stream ends: a last line of JSON is an event, half a server-sent event is none."""
        pieces: list[Piece] = []
        if self.kind == "sse" and self._held.endswith(b"\r"):
            self._take(len(self._held) - 1, len(self._held), pieces)
        if self._held:
            is_line = self.kind == "ndjson" and bool(self._held.strip())
            pieces.append(Piece(bytes(self._held), is_line and not self._is_late))
            self._held.clear()
        return pieces

    def _take(self, line_end: int, after: int, pieces: list[Piece]) -> None:
        is_first = not self._line and not self._is_late
        line = bytes(self._held[self._line : line_end])
        is_blank, self._is_cut = not (line or self._is_cut), False
        self._line = self._scan = after
        if self.kind == "ndjson":
            self._emit(pieces, bool(line.strip()))
        elif is_blank:
            self._emit(pieces, self._has_data)
        elif self._is_eager and is_first and line.startswith(b":"):
            self._emit(pieces, False)
        else:
            self._has_data = self._has_data or _field(line) == b"data"

    def _emit(self, pieces: list[Piece], is_event: bool) -> None:
        is_short = not self._is_late and self._line <= self.event_bytes_max
        self.too_long += not (is_short or self._is_late)
        pieces.append(Piece(bytes(self._held[: self._line]), is_event and is_short))
        del self._held[: self._line]
        self._line = self._scan = 0
        self._has_data = self._is_late = False

    def _pass_on(self, pieces: list[Piece]) -> None:
        self.too_long += not self._is_late
        kept = b"\r" if self._held.endswith(b"\r") else b""
        gone = bytes(self._held).removesuffix(kept)
        pieces.append(Piece(gone, False))
        self._held[:] = kept
        self._line = self._scan = 0
        self._is_late = True
        self._is_cut = not gone.endswith((b"\r", b"\n"))


def _field(line: bytes) -> bytes:
    return line.removeprefix(_BOM).partition(b":")[0]


def data_of(kind: Kind, raw: bytes) -> bytes:
    """The data of an event: its line of JSON, or its `data` fields joined by newlines."""
    if kind == "ndjson":
        return raw.rstrip(b"\r\n")
    fields = [line.partition(b":")[2] for line in _lines(raw) if _field(line) == b"data"]
    return b"\n".join(field.removeprefix(b" ") for field in fields)


def with_data(kind: Kind, raw: bytes, data: bytes) -> bytes:
    """An event with other data; its other fields and the ends of its lines stay."""
    if kind == "ndjson":
        return data + raw[len(raw.rstrip(b"\r\n")) :]
    found = _END.search(raw)
    end = found[0] if found else b"\n"
    kept = [line for line in _lines(raw) if line and _field(line) != b"data"]
    bom = _BOM if raw.startswith(_BOM) and not (kept and kept[0].startswith(_BOM)) else b""
    return bom + b"".join(line + end for line in [*kept, *(b"data: " + each for each in data.split(b"\n")), b""])


def _lines(raw: bytes) -> list[bytes]:
    return _END.split(raw)
