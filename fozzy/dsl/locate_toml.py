"""Where every value of a TOML text stands.

tomli decides what TOML is, and where the first syntax error stands. The scan here only runs up to that place, so it
may be lenient: it trusts what it reads and stops at what it does not know. Paths are those of the data tomli returns;
a table that no header names (`a` in `[a.b]` or in `a.b = 1`) stands at its key.
"""

from __future__ import annotations

import contextlib
import re
from typing import NamedTuple

from fozzy.dsl.places import Duplicate, Lines, Path, Place, Places, Syntax

# The quantifiers are possessive: a text that does not match is given up at once, which keeps every text linear.
_BASIC = r'"(?:[^"\\\n]++|\\[^\n])*+"'
_LITERAL = r"'[^'\n]*+'"
_BASIC_LONG = r'"""(?:[^"\\]++|\\[\s\S]|"{1,2}(?!"))*+"""(?:"{0,2})'
_LITERAL_LONG = r"'''(?:[^']++|'{1,2}(?!'))*+'''(?:'{0,2})"
_NOT_LONG = r"""(?!\"{3}|'{3})"""
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:)?[^\s,\]}#]*+"
_BARE = r"""[^\s,\[\]{}#"'][^\s,\]}#]*+"""
_SCALAR = "|".join((_BASIC_LONG, _LITERAL_LONG, _NOT_LONG + _BASIC, _NOT_LONG + _LITERAL, _DATE, _BARE))
_VALUE = re.compile(rf"[ \t]*+(?:({_SCALAR})|([\[{{]))")
_PART = re.compile(rf"[ \t]*+([A-Za-z0-9_-]++|{_BASIC}|{_LITERAL})[ \t]*+(\.?)")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U00([0-9A-Fa-f]{6})|(.))")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}
# What stands between statements and between items. tomli has said where a comma may stand.
_SKIP = re.compile(r"(?:[ \t\r\n,]++|#[^\n]*+)*+")
_WORD = re.compile(r"[^\s,\]}#]*+")
_DIGITS = re.compile(r"[0-9_]{1000,}+")  # Python refuses to read whole numbers of more than 4300 digits
_AT = re.compile(r"(.*) \(at line ([0-9]+), column ([0-9]+)\)", re.DOTALL)


def scan_toml(text: str, depth_max: int) -> Places:
    """The places of a TOML text; `locate` is the way in."""
    lines = Lines(text)
    syntax, end = _syntax(text, lines)
    scan = _Scan(text[:end], lines, depth_max)
    with contextlib.suppress(_Stop):
        scan.document()
    places = scan.places
    if syntax is not None and places.duplicates and syntax.message.startswith(("cannot", "duplicate")):
        # tomli points behind the second value; the second key says more. It stops at the first, so that is this one.
        syntax = Syntax(syntax.message, places.duplicates[-1].again)
    places.syntax = places.syntax or syntax
    return places


def _syntax(text: str, lines: Lines) -> tuple[Syntax | None, int]:
    """What tomli says, and up to where the text may be trusted."""
    import tomli

    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        message, at = _read_error(error, lines)
        word = _WORD.match(text, at)
        return Syntax(message[:1].lower() + message[1:], lines.place(at, word.end() if word else at)), at
    except RecursionError:
        # The scan finds the bracket or the key that goes too deep, unless `depth_max` is above what tomli bears.
        return Syntax("nested too deep to be read", Place(1, 1, 1)), len(text)
    except ValueError:
        digits = _DIGITS.search(text)
        span = digits.span() if digits else (0, 0)
        return Syntax("a number too long to be read", lines.place(*span)), span[1]
    return None, len(text)


def _read_error(error: ValueError, lines: Lines) -> tuple[str, int]:
    """The message and offset; an older tomli gives both only as text, and no place at the end."""
    line, col = getattr(error, "lineno", None), getattr(error, "colno", None)
    if isinstance(line, int) and isinstance(col, int):
        return str(getattr(error, "msg", error)), lines.offset(line, col)
    found = _AT.fullmatch(str(error))
    if found is not None:
        return found[1], lines.offset(int(found[2]), int(found[3]))
    return str(error).removesuffix(" (at end of document)"), len(lines.text)


class _Scan:
    """One pass over a text. `open` is the stack of the inline containers around `pos`, `table` the last header."""

    def __init__(self, text: str, lines: Lines, depth_max: int) -> None:
        self.text = text
        self.lines = lines
        self.depth_max = depth_max
        self.pos = 0
        self.table: Path = ()
        self.open: list[_Container] = []
        self.given: dict[Path, Place] = {}  # keys of values and of table headers, which may not be given again
        self.tails: dict[Path, int] = {}  # the index of the last table of each array of tables
        self.places = Places()
        self.places.values[()] = Place(1, 1, 1)

    def document(self) -> None:
        while self.skip() < len(self.text):
            if self.open:
                self.element(self.open[-1])
            elif self.text.startswith("[", self.pos):
                self.header()
            else:
                self.pair(self.table)

    def header(self) -> None:
        start = self.pos
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.pos += brackets
        *above, last = self.key()
        path = (*self.tables((), above), last.name)
        self.deep(path, last.start, last.end)
        if brackets == 1:
            self.give(path, last)  # before the bracket: tomli refuses a second header without looking for one
        self.want("]" * brackets)
        place = self.lines.place(start, start + 1)
        self.table = self.next_table(path, place, last) if brackets == 2 else path
        self.places.values[self.table] = place

    def next_table(self, path: Path, place: Place, last: _Part) -> Path:
        """The path of one more table in an array of tables; the array stands where its first table does."""
        self.tails[path] = self.tails.get(path, -1) + 1
        self.places.values.setdefault(path, place)
        self.places.keys.setdefault(path, self.lines.place(last.start, last.end))
        item = (*path, self.tails[path])
        self.deep(item, last.start, last.end)
        return item

    def pair(self, table: Path) -> None:
        *above, last = self.key()
        path = (*self.tables(table, above), last.name)
        self.want("=")
        self.give(path, last)
        self.value(path)

    def tables(self, path: Path, above: list[_Part]) -> Path:
        """The path of the innermost table that the parts of a key before its last lead to."""
        for part in above:
            path = (*path, part.name)
            self.deep(path, part.start, part.end)
            if path not in self.places.values:
                self.places.values[path] = self.places.keys[path] = self.lines.place(part.start, part.end)
            if path in self.tails:
                path = (*path, self.tails[path])
        return path

    def give(self, path: Path, last: _Part) -> None:
        place = self.lines.place(last.start, last.end)
        self.places.keys[path] = place
        first = self.given.setdefault(path, place)
        if first is not place:
            self.places.duplicates.append(Duplicate(path, first, place))

    def key(self) -> list[_Part]:
        parts: list[_Part] = []
        while len(parts) <= self.depth_max:  # one part more is seen to be too deep by whoever asked
            found = _PART.match(self.text, self.pos)
            if found is None:
                raise _Stop
            self.pos = found.end()
            parts.append(_Part(_name(found[1]), *found.span(1)))
            if not found[2]:
                break
        return parts

    def element(self, container: _Container) -> None:
        """An item or pair, or the closing bracket."""
        if self.text[self.pos] == container.closer:
            self.open.pop()
            self.pos += 1
        elif container.closer == "}":
            self.pair(container.path)
        else:
            container.count += 1
            self.value((*container.path, container.count - 1))

    def value(self, path: Path) -> None:
        found = _VALUE.match(self.text, self.pos)
        if found is None:
            raise _Stop
        self.pos = found.end()
        start, end = found.span(found.lastindex or 0)
        if found[2]:
            self.deep(path, start, end)
            self.open.append(_Container(path, "]" if found[2] == "[" else "}"))
        self.places.values[path] = self.lines.place(start, end)

    def deep(self, path: Path, start: int, end: int) -> None:
        """Ends the scan if a container at this path is one too many."""
        if len(path) >= self.depth_max:
            message = f"nested deeper than {self.depth_max} levels"
            self.places.syntax = Syntax(message, self.lines.place(start, end))
            raise _Stop

    def want(self, token: str) -> None:
        if not self.text.startswith(token, self.pos):
            raise _Stop
        self.pos += len(token)

    def skip(self) -> int:
        found = _SKIP.match(self.text, self.pos)
        self.pos = found.end() if found else self.pos
        return self.pos


class _Part(NamedTuple):
    """One name of a dotted key."""

    name: str
    start: int
    end: int


class _Container:
    """An inline table or array that is open, and how many items it has so far."""

    __slots__ = ("closer", "count", "path")

    def __init__(self, path: Path, closer: str) -> None:
        self.path = path
        self.closer = closer
        self.count = 0


class _Stop(Exception):
    """Ends a scan where it cannot go on; never leaves this module."""


def _name(raw: str) -> str:
    if raw[0] == '"':
        return _ESCAPE.sub(_unescaped, raw[1:-1])
    return raw[1:-1] if raw[0] == "'" else raw


def _unescaped(found: re.Match[str]) -> str:
    digits = found[1] or found[2] or found[3]
    if digits is None:
        return _ESCAPED.get(found[4], found[4])
    return chr(min(int(digits, 16), 0x10FFFF))  # tomli has refused what is above
