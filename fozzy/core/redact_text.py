"""Secrets in free text: bodies, queries, command lines, headers, logs. Finds what stands under a secret name there.

Known are `"name": "value"` and `'name': 'value'`, `name=value`, `name = "value"`, `Name: value`, `--name value` and
`scheme://user:password@host`. Only places where a part of a secret name stands are looked at, so that a text without
any costs no more than a search for a dozen words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

NAME_CHARS_MAX = 64
SMALL_CHARS = 256  # what was found in texts of this size is remembered: most are said again and again
SMALL_MAX = 1024
AROUND_CHARS = 24  # as much as shows most names whole, with what stands beside them
LARGE_CHARS = 64 * 1024  # the last text of this size is remembered: what is learned from is cleaned next

_DOUBLE = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)(?="|\Z)'
_SINGLE = r"'([^'\\]*+(?:\\.[^'\\]*+)*+)(?='|\Z)"
_AFTER_QUOTED = {mark: re.compile(rf"(?s){mark}\s*[:=]\s*(?:{_DOUBLE}|{_SINGLE})") for mark in "\"'"}
# A number under a quoted name, the quotes themselves perhaps escaped: a body inside another text.
_NUMBER = re.compile(r'(\\{0,7})"\s*:\s*(-?\d[\d.eE+-]*)')
_EQUALS = re.compile(rf"(?s)=(?:{_DOUBLE}|{_SINGLE}|([^&\s\"';,]+))")
_OPTION_EQUALS = re.compile(rf"(?s)=(?:{_DOUBLE}|{_SINGLE}|([^\s\"']+))")
_SPACED_EQUALS = re.compile(rf"(?s)\s*=\s*(?:{_DOUBLE}|{_SINGLE})")
_COLON = re.compile(r""":([ \t]*)([^\s"'\\,;][^\r\n"'\\]*)""")
_ARGUMENT = re.compile(rf"(?s)[ \t]+(?:{_DOUBLE}|{_SINGLE}|([^\s\"'<$\[\\-][^\s\"']*))")
_USERINFO = re.compile(r"""://[^\s/:@"'<>]*:([^\s/@"'<>]+)@""")
_WHOLE_LINE = {"authorization", "proxy-authorization", "cookie", "set-cookie"}
_WORD = re.compile(r"[a-z0-9]+")
_NAME = re.compile(rf"[\w.-]{{0,{NAME_CHARS_MAX}}}")


class Hit(NamedTuple):
    """A secret from `start` to `end`; `value` is none for a number, `sure` when it may be looked for elsewhere."""

    start: int
    end: int
    value: str | None
    sure: bool = True
    quote: str = ""  # what must stand around its stand-in


class Finder:
    """Finds secrets by name. *Limits*: names of up to `NAME_CHARS_MAX` letters, digits and `_.-`."""

    def __init__(self, names: Iterable[str], is_secret: Callable[[str], bool]) -> None:
        words = {max(_WORD.findall(name.lower()) or [""], key=len) for name in names} - {""}
        self._stems = [word for word in words if not any(other in word for other in words - {word})]
        self._is_secret = is_secret
        self._small: dict[str, list[Hit]] = {}
        self._around: dict[tuple[str, str], bool] = {}
        self._large: tuple[str, list[Hit]] = "", []

    def may_hold(self, text: str) -> bool:
        """Whether a secret name can stand in a text, as far as its letters go."""
        lowered = text.lower()
        return any(stem in lowered for stem in self._stems)

    def names_one(self, text: str) -> bool:
        """Whether a secret name stands anywhere in a text, whatever stands after it."""
        lowered = text.lower()
        if len(lowered) != len(text):
            return self.may_hold(text)
        for stem in self._stems:
            place = lowered.find(stem)
            while place != -1:
                if self._is_named(text, place):
                    return True
                place = lowered.find(stem, place + len(stem))
        return False

    def _is_named(self, text: str, place: int) -> bool:
        """Whether what stands around a place is a secret name. The same surroundings come again and again (think of
        `total_tokens`), so those that hold the whole name are remembered."""
        begin = place - AROUND_CHARS if place > AROUND_CHARS else 0
        around = text[begin:place], text[place : place + AROUND_CHARS]
        known = self._around.get(around)
        if known is not None:
            return known
        start, end = _name_around(text, place)
        found = self._is_secret(text[start:end])
        if start > begin and end < place + len(around[1]):
            if len(self._around) >= SMALL_MAX:
                self._around.clear()
            self._around[around] = found
        return found

    def hits(self, text: str) -> list[Hit]:
        """The secrets in a text, in order, none inside another."""
        known = self._small.get(text) if len(text) <= SMALL_CHARS else None
        if known is not None:
            return known
        if len(text) > LARGE_CHARS and text is self._large[0]:
            return self._large[1]
        found: list[Hit] = []
        for hit in sorted([*self._named(text), *userinfo(text)], key=lambda hit: hit.start):
            if not found or hit.start >= found[-1].end:
                found.append(hit)
        if len(text) > LARGE_CHARS:
            self._large = text, found
        elif len(text) <= SMALL_CHARS:
            if len(self._small) >= SMALL_MAX:
                self._small.clear()
            self._small[text] = found
        return found

    def _named(self, text: str) -> Iterator[Hit]:
        done = 0
        for place in self._places(text):
            if place < done:
                continue
            start, end = _name_around(text, place)
            done = end
            if self._is_secret(text[start:end]):
                hit = _after(text, start, end)
                if hit is not None:
                    done = hit.end
                    yield hit

    def _places(self, text: str) -> list[int]:
        """Where parts of secret names stand, in order."""
        lowered = text.lower()
        if len(lowered) != len(text):  # a letter whose small form is longer
            lowered = "".join(char.lower() if char.isascii() else char for char in text)
        found = []
        for stem in self._stems:
            place = lowered.find(stem)
            while place != -1:
                found.append(place)
                place = lowered.find(stem, place + len(stem))
        found.sort()
        return found


def _name_end(text: str, start: int) -> int:
    match = _NAME.match(text, start)
    return start if match is None else match.end()


def _name_around(text: str, place: int) -> tuple[int, int]:
    before = text[max(0, place - NAME_CHARS_MAX) : place][::-1]
    return place - _name_end(before, 0), _name_end(text, place)


def _after(text: str, start: int, end: int) -> Hit | None:
    """The secret that stands under the name from `start` to `end`, if one does."""
    before = text[start - 1] if start else "\n"
    hit = None
    if before in _AFTER_QUOTED:
        hit = _hit(_AFTER_QUOTED[before].match(text, end)) or _number(text, end)
    is_option = text[start] == "-"
    hit = hit or _hit((_OPTION_EQUALS if is_option else _EQUALS).match(text, end))
    if hit is None and before in "{,( \t\r\n":
        hit = _hit(_SPACED_EQUALS.match(text, end))
    if hit is None and is_option:
        hit = _hit(_ARGUMENT.match(text, end))
        return None if hit is None else hit._replace(sure=_is_no_word(hit.value))
    return hit or _header(text, start, end)


def _hit(match: re.Match[str] | None) -> Hit | None:
    if match is None:
        return None
    group = match.lastindex or 0
    return Hit(match.start(group), match.end(group), match[group])


def _number(text: str, end: int) -> Hit | None:
    match = _NUMBER.match(text, end)
    return None if match is None else Hit(match.start(2), match.end(2), None, False, f'{match[1]}"')


def _header(text: str, start: int, end: int) -> Hit | None:
    """A header, whole to the end of its line. Of other names only a single word, as in `password: abc1`.

    What is hidden already counts like what it hides, so that both end at the same place.
    """
    match = _COLON.match(text, end)
    if match is None:
        return None
    if text[start:end].lower() in _WHOLE_LINE:
        value = match[2].rstrip()
        return Hit(match.start(2), match.start(2) + len(value), value)
    value = match[2].rstrip().rstrip(",;")
    if not match[1] or not value or any(char.isspace() for char in value):
        return None
    return Hit(match.start(2), match.start(2) + len(value), value, _is_no_word(value))


def _is_no_word(value: str | None) -> bool:
    """Whether it is more than a word of prose, which would be missed everywhere else."""
    return value is not None and not value.rstrip(",;.").isalpha()


def userinfo(text: str) -> Iterator[Hit]:
    """The passwords that stand before the hosts of URLs."""
    if "://" in text and "@" in text:
        for match in _USERINFO.finditer(text):
            yield Hit(match.start(1), match.end(1), match[1])
