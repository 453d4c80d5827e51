"""What is wrong with a text that is no YAML, in words for people: the parser's own name what it expected inside.

To name one more mistake, add it here, and its example to `tests/core/yaml/test_faults.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fozzy.core.yaml.nodes import Node, YamlFault
from fozzy.core.yaml.spaces import NO_SPACE, lacks_space

KEY_MAX = 1024  # characters of a key on one line, by the specification
_LINE = re.compile(r"[^\r\n]*")
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{0,2}|u[0-9A-Fa-f]{0,4}|U[0-9A-Fa-f]{0,8}|.?)")
_DIGITS = {"x": "two", "u": "four", "U": "eight"}
_INDENT = re.compile(r"[ \t]*(?:-[ \t]+)*")
_VALUE_BEFORE = re.compile(r":[ \t]+\S")


def explained(error: Any, text: str, around: Sequence[Node]) -> YamlFault:
    """The fault of an error of the parser's, `around` being the collections that were open."""
    problem = error.problem or ""
    at = len(text) if error.problem_mark is None else min(error.problem_mark.index, len(text))
    begun = at if error.context_mark is None else min(error.context_mark.index, len(text))
    look = _Look(text, at, begun, around)
    for words, told in _TOLD:
        if words in problem or words in (error.context or ""):
            return told(look)
    return look.fault(problem.partition("\n")[0], at, at + 1)


class _Look:
    """The place of an error: where it is, and where what it is about began."""

    def __init__(self, text: str, at: int, begun: int, around: Sequence[Node]) -> None:
        self.text = text
        self.at = at
        self.begun = begun
        self.around = around
        self.char = text[at : at + 1]
        self.line = text.rfind("\n", 0, at) + 1
        self.indented = not text[self.line : at].strip(" \t")

    def fault(self, message: str, start: int, end: int) -> YamlFault:
        return YamlFault(message, start, max(start, end))

    def to_line_end(self, message: str, start: int) -> YamlFault:
        found = _LINE.match(self.text, start)
        return self.fault(message, start, len(found[0].rstrip()) + start if found else start)

    def token(self) -> YamlFault:
        if self.char == "\t":
            return self.fault("a tab stands where YAML wants spaces", self.at, self.at + 1)
        return self.to_line_end(f'text may not begin with "{self.char}": put it in quotes', self.at)

    def colon(self) -> YamlFault:
        before = self.text[self.line : self.at]
        first = self.line + len(before) - len(before.lstrip())
        if self.at - first > KEY_MAX:
            return self.fault(f"a key may have {KEY_MAX} characters", first, self.at)
        if _VALUE_BEFORE.search(before + ":"):
            return self.fault('a text that holds ": " needs quotes', self.at, self.at + 1)
        spaced = self.lacking(first)
        if spaced is not None:
            return spaced
        message = "this key is indented deeper, but what it would belong to has a value already"
        return self.fault(message, first, max(self.at, first + 1))

    def lacking(self, before: int) -> YamlFault | None:
        """The line above, where what should be a key or an item is a text that goes on here."""
        end = len(self.text[:before].rstrip())
        begin = self.text.rfind("\n", 0, end) + 1
        indent = _INDENT.match(self.text, begin, end)
        start = indent.end() if indent else begin
        return self.to_line_end(NO_SPACE, start) if lacks_space(self.text[start:end]) else None

    def no_colon(self) -> YamlFault:
        is_spaced = not lacks_space(self.text[self.begun : self.at])
        return self.to_line_end('expected ":" after this key' if is_spaced else NO_SPACE, self.begun)

    def quote(self) -> YamlFault:
        return self.to_line_end("text without a closing quote", self.begun)

    def escape(self) -> YamlFault:
        start = self.text.rfind("\\", 0, self.at + 1)
        found = _ESCAPE.match(self.text, start) if start >= 0 else None
        written = found[0] if found else self.char
        digits = _DIGITS.get(written[1:2])
        start, end = found.span() if found else (self.at, self.at + 1)
        if digits and len(written) == {"two": 4, "four": 6, "eight": 10}[digits]:
            return self.fault("this is half a character, or none: write the character itself", start, end)
        if digits:
            return self.fault(f'"{written[:2]}" needs {digits} hexadecimal digits', start, end)
        return self.fault(f'"{written}" is no escape: write "\\\\" for a backslash', start, end)

    def flow(self) -> YamlFault:
        """Inside brackets: they are never closed, or something is missing between two values."""
        opened = next((node for node in reversed(self.around) if node.style == "flow"), None)
        start = self.begun if opened is None else opened.start
        bracket = self.text[start : start + 1]
        if not self.char:
            return self.fault(f'this "{bracket}" is never closed', start, start + 1)
        closer = "}" if bracket == "{" else "]"
        line = self.text.count("\n", 0, start) + 1
        message = f'expected "," or "{closer}" to close the "{bracket}" of line {line}, got "{self.char}"'
        return self.fault(message, self.at, self.at + 1)

    def content(self) -> YamlFault:
        if not self.char and self.around and any(node.style == "flow" for node in self.around):
            return self.flow()
        got = f'"{self.char}"' if self.char else "the end"
        return self.fault(f"expected a value, got {got}", self.at, self.at + 1)

    def key(self) -> YamlFault:
        """In a block: a line that fits nowhere, or text behind a value."""
        if not self.indented:
            return self.to_line_end("text after the end of this value: put all of it in quotes", self.at)
        if self.char == "-" and self.text[self.at + 1 : self.at + 2] in (" ", "\n", "\t", ""):
            return self.to_line_end("a list item stands among the keys of a mapping", self.at)
        if self.char == ":":
            return self.fault('a key is missing before ":"', self.at, self.at + 1)
        if self.char in tuple("]},"):
            return self.fault(f'"{self.char}" closes nothing', self.at, self.at + 1)
        return self.to_line_end("this line is indented like none of those it could belong to", self.at)

    def item(self) -> YamlFault:
        if not self.indented:
            return self.key()
        return self.to_line_end('expected "- " as in the items above', self.at)

    def header(self) -> YamlFault:
        return self.to_line_end('after "|" or ">" and its indentation there is only a comment', self.begun)

    def end(self) -> YamlFault:
        return self.to_line_end("text after the end of the document", self.at)

    def list_here(self) -> YamlFault:
        return self.to_line_end("a list stands on the lines below its key, or in brackets", self.at)

    def asked_key(self) -> YamlFault:
        return self.to_line_end('text may not begin with "? ": put it in quotes', self.at)

    def version(self) -> YamlFault:
        return self.to_line_end("only YAML 1.2 is read, and its %YAML line stands once", self.line)

    def tag(self) -> YamlFault:
        return self.to_line_end("tags are not read: a scenario holds plain values", self.begun)

    def name(self) -> YamlFault:
        message = 'the name of an anchor has letters from a to z, digits, "-" and "_"'
        return self.to_line_end(message, self.begun)


# Words of the parser's, in C or in Python, and what they mean; the first that are found tell.
_TOLD = (
    ("cannot start any token", _Look.token),
    ("tab character", _Look.token),
    ("mapping values are not allowed", _Look.colon),
    ("could not find expected ':'", _Look.no_colon),
    ("found unexpected end of stream", _Look.quote),
    ("found unexpected document", _Look.quote),
    ("escape", _Look.escape),
    ("hexdecimal", _Look.escape),
    ("sequence entries are not allowed", _Look.list_here),
    ("mapping keys are not allowed", _Look.asked_key),
    ("<document start>", _Look.end),
    ("incompatible YAML", _Look.version),
    ("%YAML directive", _Look.version),
    ("directive", _Look.version),
    ("scanning an anchor", _Look.name),
    ("scanning an alias", _Look.name),
    ("tag", _Look.tag),
    ("scanning a block scalar", _Look.header),
    ("expected ',' or", _Look.flow),
    ("node content", _Look.content),
    ("block mapping", _Look.key),
    ("block collection", _Look.item),
    ("block sequence", _Look.item),
)
