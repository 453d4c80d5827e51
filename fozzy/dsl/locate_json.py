"""Where every value of a JSON text stands, and what its first syntax error is.

Accepts exactly RFC 8259. Good text is read with a few compiled expressions, one match for a key, a value and what
follows it. Only when one of them does not match does `_Fault` look closer and find the words for what is wrong.
To name one more mistake, add it there, and its example to `tests/dsl/test_locate_json.py`.
"""

from __future__ import annotations

import json
import re

from fozzy.dsl.places import Duplicate, Lines, Path, Place, Places, Syntax

# The quantifiers are possessive: a text that does not match is given up at once, which keeps every text linear.
_CHARS = r'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+'
_SPACE = r"[ \t\n\r]*+"
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+"
_SCALAR = rf'"{_CHARS}"|(?:{_NUMBER}|true|false|null)(?![\w.+-])'
_VALUE = re.compile(rf"{_SPACE}(?:({_SCALAR}){_SPACE}(,)?+|[\[{{])")
_KEY = re.compile(rf'{_SPACE}("{_CHARS}"){_SPACE}:')
_AFTER = re.compile(rf"{_SPACE}([,\]}}])")
_CLOSE = re.compile(rf"{_SPACE}[\]}}]")
_SPACES = re.compile(_SPACE)

_TEXT = re.compile(f'"{_CHARS}"')
_TEXT_BEGUN = re.compile(f'"{_CHARS}')
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{0,4}|.)")
_WORD = re.compile(r"[\w.+-]++")
_LINE = re.compile(r"[^\n]*+")
_COMMENT = re.compile(r"//[^\n]*+|#[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?+")
_OTHER_QUOTES = {"'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019", "\u201d": "\u201d"}
_WORDS = {
    **dict.fromkeys(("NaN", "Infinity", "-Infinity", "+Infinity", "-NaN", "nan", "inf"), "JSON has no {word}"),
    **dict.fromkeys(("True", "False"), "JSON writes {lower}, not {word}"),
    **dict.fromkeys(("None", "undefined", "nil"), "JSON writes null, not {word}"),
}


def scan_json(text: str, depth_max: int) -> Places:
    """The places of a JSON text; `locate` is the way in."""
    scan = _Scan(text, depth_max)
    try:
        scan.document()
    except _Broken as broken:
        scan.places.syntax = broken.syntax
    return scan.places


class _Scan:
    """One pass over a text. `open` is the stack of the containers around `pos`, `last` the span of the last value."""

    def __init__(self, text: str, depth_max: int) -> None:
        self.text = text
        self.depth_max = depth_max
        self.pos = 0
        self.last = (0, 0)
        self.open: list[_Container] = []
        self.lines = Lines(text)
        self.places = Places()

    def document(self) -> None:
        self.value(())
        while self.open:
            self.element(self.open[-1])
        if _space_end(self.text, self.pos) < len(self.text):
            raise _Fault(self).after_document()

    def element(self, container: _Container) -> None:
        if container.members is None:
            path = (*container.path, container.count)
            container.count += 1
        else:
            path = self.key(container, container.members)
        self.value(path)

    def key(self, container: _Container, members: dict[str, Place]) -> Path:
        found = _KEY.match(self.text, self.pos)
        if found is None:
            raise _Fault(self).key()
        self.pos = found.end()
        start, end = found.span(1)
        raw = found[1]
        name: str = json.loads(raw) if "\\" in raw else raw[1:-1]
        place = self.lines.place(start, end)
        path = (*container.path, name)
        self.places.keys[path] = place
        first = members.setdefault(name, place)
        if first is not place:
            self.places.duplicates.append(Duplicate(path, first, place))
        return path

    def value(self, path: Path) -> None:
        """A whole scalar or empty container with what closes after it, or the bracket that opens a container."""
        found = _VALUE.match(self.text, self.pos)
        if found is None:
            raise _Fault(self).value()
        self.pos = found.end()
        if found[1] is None:
            self.opening(path)
            return
        self.last = start, end = found.span(1)
        self.places.values[path] = self.lines.place(start, end)
        if found[2] is None or not self.open:
            self.pos = end
            self.closing()

    def opening(self, path: Path) -> None:
        start = self.pos - 1
        place = self.lines.place(start, self.pos)
        if len(path) >= self.depth_max:
            raise _Broken(Syntax(f"nested deeper than {self.depth_max} levels", place))
        self.places.values[path] = place
        self.open.append(_Container(path, self.text[start], start))
        # An empty container has no element to come, so it closes here; a wrong bracket is left to be found wrong.
        found = _CLOSE.match(self.text, self.pos)
        if found is not None and found[0][-1] == self.open[-1].closer:
            self.closing()

    def closing(self) -> None:
        """The comma after a value, or all brackets that close with it and the comma after them."""
        while self.open:
            found = _AFTER.match(self.text, self.pos)
            if found is None or found[1] not in ("," + self.open[-1].closer):
                raise _Fault(self).after_value()
            self.pos = found.end()
            if found[1] == ",":
                return
            self.last = found.span(1)
            self.open.pop()


class _Container:
    """An object or array that is open: `members` are the keys of an object so far, None in an array."""

    __slots__ = ("closer", "count", "members", "opener", "path", "start")

    def __init__(self, path: Path, opener: str, start: int) -> None:
        self.path = path
        self.opener = opener
        self.closer = "}" if opener == "{" else "]"
        self.start = start
        self.count = 0
        self.members: dict[str, Place] | None = {} if opener == "{" else None


class _Broken(Exception):
    """Ends a scan at the first syntax error; never leaves this module."""

    def __init__(self, syntax: Syntax) -> None:
        super().__init__(syntax.message)
        self.syntax = syntax


class _Fault:
    """Looks at the place where a scan could not go on. Each public method is one thing that was expected there."""

    def __init__(self, scan: _Scan) -> None:
        self.scan = scan
        self.text = scan.text
        self.at = _space_end(scan.text, scan.pos)
        self.char = scan.text[self.at : self.at + 1]

    def value(self) -> _Broken:
        return self.anywhere() or self.not_a_value("a value")

    def key(self) -> _Broken:
        found = _TEXT.match(self.text, self.at)
        if found is None:
            return self.anywhere() or self.not_a_value("a key in double quotes")
        self.at = _space_end(self.text, found.end())
        return self.anywhere() or self.broken('expected ":" after this key', *found.span())

    def after_value(self) -> _Broken:
        container = self.scan.open[-1]
        closer, line = container.closer, self.scan.lines.place(container.start, container.start).line
        if self.char and self.char in "]}":
            message = f'expected "{closer}" to close the "{container.opener}" of line {line}, got "{self.char}"'
            return self.broken(message, self.at, self.at + 1)
        if self.char and (self.char in "\"[{-'" or self.char.isalnum()):
            return self.anywhere() or self.broken(f'expected "," or "{closer}" after this value', *self.scan.last)
        return self.anywhere() or self.unexpected(f'"," or "{closer}"')

    def after_document(self) -> _Broken:
        return self.anywhere() or self.broken("text after the end of the document", self.at, self.line_end())

    def anywhere(self) -> _Broken | None:
        """What is wrong wherever it stands: the end of the text and comments."""
        self.char = self.text[self.at : self.at + 1]
        if not self.char and not self.scan.open:
            return self.broken("the document is empty", 0, 0)
        if not self.char:
            container = self.scan.open[-1]
            return self.broken(f'this "{container.opener}" is never closed', container.start, container.start + 1)
        comment = _COMMENT.match(self.text, self.at)
        return self.broken("JSON has no comments", *comment.span()) if comment else None

    def not_a_value(self, expected: str) -> _Broken:
        if self.char == '"':
            return self.in_text()
        if self.char in _OTHER_QUOTES:
            end = self.text.find(_OTHER_QUOTES[self.char], self.at + 1, self.line_end()) + 1
            return self.broken("text needs double quotes", self.at, end or self.line_end())
        word = _WORD.match(self.text, self.at)
        if word is not None:
            return self.broken(_word_fault(word[0], "key" in expected), *word.span())
        before = len(self.text[: self.at].rstrip(" \t\n\r")) - 1
        if self.char in "]}" and self.text[before] == "," and self.scan.open:
            return self.broken(f'trailing comma: nothing follows it before "{self.char}"', before, before + 1)
        return self.unexpected(expected)

    def in_text(self) -> _Broken:
        """What is wrong in a text that begins with a double quote."""
        begun = _TEXT_BEGUN.match(self.text, self.at)
        at = begun.end() if begun else self.at
        escape = _ESCAPE.match(self.text, at)
        if escape is not None and escape[0][1] == "u":
            return self.broken(r'"\u" needs four hexadecimal digits', *escape.span())
        if escape is not None and escape[0][1] >= " ":
            return self.broken(f'"{escape[0]}" is no escape: write "\\\\" for a backslash', *escape.span())
        rest = self.text[at : at + 2].removeprefix("\\")
        if rest in ("", "\n", "\r\n") or rest[0] == "\n":
            return self.broken("text without a closing double quote", self.at, self.line_end())
        return self.broken(f"text holds {_shown(rest[0])}: write it as \\u{ord(rest[0]):04x}", at, at + 1)

    def unexpected(self, expected: str) -> _Broken:
        return self.broken(f"expected {expected}, got {_shown(self.char)}", self.at, self.at + 1)

    def line_end(self) -> int:
        found = _LINE.match(self.text, self.at)
        return found.end() if found else self.at

    def broken(self, message: str, start: int, end: int) -> _Broken:
        return _Broken(Syntax(message, self.scan.lines.place(start, end)))


def _word_fault(word: str, is_key: bool) -> str:
    if is_key:
        return "a key needs double quotes"
    if word in _WORDS:
        return _WORDS[word].format(word=word, lower=word.lower())
    if not re.match(r"[-+.]*[0-9]", word):
        return "text needs double quotes"
    if word[0] in "+.":
        return f'bad number: it may not begin with "{word[0]}"'
    if re.match(r"-?0[0-9]", word):
        return "bad number: it may not begin with 0"
    if re.match(r"[^.]*\.(?![0-9])", word):
        return 'bad number: "." needs a digit before and after it'
    return "bad number"


def _shown(char: str) -> str:
    """The character in quotes if it can be seen, else its number."""
    return f'"{char}"' if char.isprintable() and not char.isspace() else f"the character U+{ord(char):04X}"


def _space_end(text: str, pos: int) -> int:
    found = _SPACES.match(text, pos)
    return found.end() if found else pos
