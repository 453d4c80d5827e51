"""Where things stand in a text: places by path, and what the scanners of each form share."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

Path = tuple[str | int, ...]


class Places:
    """Where things stand. With a duplicate key, `values` and `keys` hold the last, which is the one parsers keep."""

    def __init__(self) -> None:
        self.values: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.duplicates: list[Duplicate] = []
        self.syntax: Syntax | None = None

    def find(self, path: Path) -> Place:
        """The place of the value, else of the nearest known thing around it."""
        for length in range(len(path), -1, -1):
            place = self.values.get(path[:length])
            if place is not None:
                return place
        return START

    def find_key(self, path: Path) -> Place:
        """The place of the member's key, else what `find` says: items and the document have no key."""
        return self.keys.get(path) or self.find(path)


class Place(NamedTuple):
    """`length` characters from a line and column, both from 1; only the first line of what spans several."""

    line: int
    col: int
    length: int


class Duplicate(NamedTuple):
    """A key given `again` in the same object; given three times, it is listed twice with the same `first`."""

    path: Path
    first: Place
    again: Place


class Syntax(NamedTuple):
    """What keeps the text from being a document, in words for people."""

    message: str
    place: Place


class Lines:
    """Turns offsets in a text into places."""

    def __init__(self, text: str) -> None:
        self.text = text
        ends = (found.end() for found in re.finditer("\n", text))
        self.starts = [0, *ends, len(text) + 1]  # the last as if one more line followed, so every line has an end
        self._to_line(1)

    def place(self, start: int, end: int) -> Place:
        """The place of `text[start:end]`, cut at the end of its first line."""
        if not self.begin <= start <= self.end:  # most often it stands on the line of the place before
            self._to_line(bisect_right(self.starts, start, 0, len(self.starts) - 1))
        if end > self.end:
            end = self.end
        return Place(self.line, start - self.begin + 1, end - start if end > start else 1)

    def _to_line(self, line: int) -> None:
        self.line, self.begin, self.end = line, self.starts[line - 1], self.starts[line] - 1
        self.end -= self.text[max(self.begin, self.end - 1) : self.end + 1] == "\r\n"

    def offset(self, line: int, col: int) -> int:
        """The offset of a line and column, both from 1; no more than the length of the text."""
        return min(self.starts[min(line, len(self.starts) - 1) - 1] + col - 1, len(self.text))


START = Place(1, 1, 1)
