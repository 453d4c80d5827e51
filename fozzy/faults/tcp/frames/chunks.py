"""The chunked coding (RFC 9112, 7.1), followed as its bytes come: which of them are of the body, which are between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

LINE_BYTES_MAX = 8192  # of one line between chunks
SIZE_DIGITS_MAX = 15

_SIZE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[^\r\n]*)?\r?\n\Z")
_EMPTY = (b"\r\n", b"\n")

Expected = Literal["size", "data", "end", "trailer", "nothing"]


class BadChunk(ValueError):
    """What comes is not of this coding."""


class Chunks:
    """One body. `left` are the bytes of the present chunk that are still to come."""

    def __init__(self) -> None:
        self.expected: Expected = "size"
        self.left = 0
        self.line = b""  # the beginning of a line whose end is not there

    @property
    def is_over(self) -> bool:
        """The body ended."""
        return self.expected == "nothing"

    def skim(self, data: bytes, at: int) -> int:
        """Follow bytes from a place on, as far as they are of this body; returns where that ends. *Errors*: `BadChunk`."""
        size = len(data)
        while at < size and self.expected != "nothing":
            at = self.step(data, at)
        return at

    def step(self, data: bytes, at: int) -> int:
        """One run of bytes of the body, or one line between them, or the part of it that is there; returns its end."""
        if self.expected == "data":
            taken = min(self.left, len(data) - at)
            self.left -= taken
            if not self.left:
                self.expected = "end"
            return at + taken
        end = data.find(b"\n", at) + 1
        if not end:
            self.line += data[at:]
            if len(self.line) > LINE_BYTES_MAX:
                raise BadChunk("a line between chunks is too long")
            return len(data)
        line, self.line = self.line + data[at:end], b""
        if len(line) > LINE_BYTES_MAX:
            raise BadChunk("a line between chunks is too long")
        self._follow(line)
        return end

    def _follow(self, line: bytes) -> None:
        if self.expected == "size":
            found = _SIZE.match(line)
            if found is None or len(found[1]) > SIZE_DIGITS_MAX:
                raise BadChunk("no size of a chunk")
            self.left = int(found[1], 16)
            self.expected = "data" if self.left else "trailer"
        elif self.expected == "end":
            if line not in _EMPTY:
                raise BadChunk("a chunk is longer than it says")
            self.expected = "size"
        elif line in _EMPTY:
            self.expected = "nothing"


def spans(chunks: Chunks, data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Bytes of a body in runs of its content, and lines or parts of lines between. *Errors*: `BadChunk`."""
    at = 0
    while at < len(data) and not chunks.is_over:
        is_content, start = chunks.expected == "data", at
        at = chunks.step(data, at)
        yield data[start:at], is_content


def within(left: int) -> Chunks:
    """In a chunk of which so much is still to come."""
    chunks = Chunks()
    chunks.expected, chunks.left = "data", left
    return chunks


def chunk_line(size: int) -> bytes:
    """The line before a chunk."""
    return b"%x\r\n" % size
