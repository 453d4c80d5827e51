"""Reads the files of a tree into units, each file by the best parser there is, and lets go of its text again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from fozzy.insight.map import line_code, python_code, tree_code
from fozzy.insight.map.doubts import Doubts
from fozzy.insight.map.entries import entry_points
from fozzy.insight.map.languages import PARSED
from fozzy.insight.map.model import EntryPoint
from fozzy.insight.map.routes import routes_of
from fozzy.insight.map.sources import FILE_BYTES_MAX, TREE_BYTES_MAX, list_sources, read_source
from fozzy.insight.map.units import Code, Unit, units_of

MINIFIED_CHARS = 5_000  # a line this long was not written by a person


class Tree(NamedTuple):
    """The units of a tree, in the order of its files. `unparsed` are languages whose parser is not installed."""

    units: list[Unit]
    entries: list[EntryPoint]
    languages: Counter[str]
    left_out: Counter[str]
    size_bytes: int
    unparsed: frozenset[str]
    by_git: bool
    notes: list[str]

    def by_path(self) -> dict[str, list[Unit]]:
        """The units of each file."""
        found: dict[str, list[Unit]] = {}
        for unit in self.units:
            found.setdefault(unit.path, []).append(unit)
        return found


def read_tree(root: Path, doubts: Doubts) -> Tree:
    """Read a tree. What cannot be read or parsed is a doubt. *Limits*: `TREE_BYTES_MAX`, and those of `sources`."""
    listing = list_sources(root, doubts)
    reader = _Reader(doubts)
    for name, language in listing.paths:
        reader.take(root, name, language)
    if not listing.paths:
        doubts.add("no_sources", "", "there is no file of code here")
    return Tree(
        units=reader.units,
        entries=reader.entries,
        languages=reader.languages,
        left_out=listing.left_out + reader.left_out,
        size_bytes=reader.size_bytes,
        unparsed=frozenset(reader.unparsed),
        by_git=listing.by_git,
        notes=[_unparsed_note(language, number) for language, number in sorted(reader.unparsed.items())],
    )


class _Reader:
    """What is kept of files while they pass."""

    def __init__(self, doubts: Doubts) -> None:
        self.doubts = doubts
        self.units: list[Unit] = []
        self.entries: list[EntryPoint] = []
        self.languages: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.unparsed: Counter[str] = Counter()
        self.size_bytes = 0

    def take(self, root: Path, name: str, language: str) -> None:
        """Read one file."""
        data = self._data(root, name)
        text = None if data is None else self._text(name, data)
        if data is None or text is None:
            return
        self.languages[language] += 1
        self.size_bytes += len(data)
        lines = text.split("\n")
        if max(map(len, lines)) > MINIFIED_CHARS and language != "Python":
            self.left_out["minified"] += 1
            return
        self.units += units_of(name, language, self._code(name, language, data, text), routes_of(lines))
        self.entries += entry_points(name, language, lines)

    def _data(self, root: Path, name: str) -> bytes | None:
        try:
            data = read_source(root, name)
        except (OSError, ValueError) as error:
            self.doubts.add("unreadable", name, str(getattr(error, "strerror", None) or error))
            return None
        if len(data) > FILE_BYTES_MAX:
            self.doubts.add("dropped", name, f"it has more than {FILE_BYTES_MAX:,} bytes")
            return None
        if self.size_bytes + len(data) > TREE_BYTES_MAX:
            self.doubts.add("dropped", name, f"the tree has more than {TREE_BYTES_MAX:,} bytes: map it part by part")
            return None
        return data

    def _text(self, name: str, data: bytes) -> str | None:
        if b"\0" in data:
            self.doubts.add("unreadable", name, "it is not text: it holds a NUL")
            return None
        try:
            return python_code.decode(data) if name.endswith((".py", ".pyw")) else data.decode("utf-8-sig")
        except (UnicodeDecodeError, LookupError, SyntaxError) as error:
            self.doubts.add("unreadable", name, f"it is not UTF-8: {getattr(error, 'reason', None) or error}")
            return None

    def _code(self, name: str, language: str, data: bytes, text: str) -> Code:
        """By the real parser; where it gives up, line by line, and that is a doubt."""
        try:
            if language == "Python":
                return python_code.parse(text)
            parsed = tree_code.parse(language, data, text)
        except SyntaxError as error:
            where = f"line {error.lineno}: " if error.lineno else ""
            self.doubts.add("syntax", name, f"{where}{error.msg}; read line by line instead")
            return line_code.parse(language, text)
        if parsed is None:
            if language in PARSED:
                self.unparsed[language] += 1
            return line_code.parse(language, text)
        if parsed.broken_line:
            message = (
                f"line {parsed.broken_line}: the parser does not understand it; what stands around it may be missing"
            )
            self.doubts.add("syntax", name, message)
        return parsed.code


def _unparsed_note(language: str, number: int) -> str:
    files = f"{number:,} file{'' if number == 1 else 's'} in {language} {'was' if number == 1 else 'were'}"
    return f"{files} read line by line, since no parser for it is installed: pip install 'fozzy[map]'"
