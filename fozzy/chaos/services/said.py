"""What one life of a program says, in a file to which all its lives add. Each byte is read once."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from pathlib import Path

LINES = 20  # in an error


class Said:
    """What is added to a file from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = path.stat().st_size if path.exists() else 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a letter may be half there
        self._text = ""
        self._found: dict[re.Pattern[str], tuple[int, bool]] = {}  # in so many characters

    @property
    def text(self) -> str:
        """All so far, also when the file is gone."""
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._at)
            new = file.read()
            self._at += len(new)
            self._text += self._decoder.decode(new)
        return self._text

    def has(self, pattern: re.Pattern[str]) -> bool:
        """Whether it said so, by now or before."""
        text = self.text
        size, found = self._found.get(pattern, (-1, False))
        if not found and size != len(text):
            found = pattern.search(text) is not None
            self._found[pattern] = len(text), found
        return found


def last_lines(text: str) -> str:
    """What of it an error shows."""
    return "\n".join(text.strip().splitlines()[-LINES:]) or "it said nothing"
