"""What a value may be, wherever it comes from: finite, of whole characters, and of bounded depth and size.

Parsers and references can make values that no trace could hold: dates, infinities, halves of characters, lists in lists
without end. Each is found here, so that a scenario with one is refused and a step with one fails.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

from fozzy.core.limits import DEPTH_MAX, MIB

Path = tuple[str | int, ...]

SIZE_MAX = 16 * MIB  # characters of what references make; a few steps could double a text for ever
VALUE_SIZE = 16  # a value in a list or an object counts as so many characters
DIGITS_MAX = 1000  # of a whole number; Python refuses to write more than 4300
_WHOLE_MAX = 10**DIGITS_MAX
_HALF = re.compile("[\ud800-\udfff]")
_HALF_WRITTEN = re.compile(r"\\u[dD][89a-fA-F]")


def deepest(value: Any) -> int:
    """How deep a value of builtin types is nested; stops counting past the limit."""
    level: list[Any] = [value] if type(value) in (dict, list) else []
    depth = 0
    while level and depth <= DEPTH_MAX:
        depth += 1
        level = [
            item
            for outer in level
            for item in (outer.values() if type(outer) is dict else outer)
            if type(item) in (dict, list)
        ]
    return depth


def excess(value: Any) -> str:
    """What is too much about a value that references made; empty when nothing is."""
    left, waiting = SIZE_MAX, [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        left -= VALUE_SIZE + (len(item) if isinstance(item, str) else 0)
        if left < 0:
            return f"it is larger than {SIZE_MAX} characters"
        if depth > DEPTH_MAX:
            return f"it is nested deeper than {DEPTH_MAX} levels"
        if isinstance(item, dict):
            waiting += [(each, depth + 1) for pair in item.items() for each in pair]
        elif isinstance(item, list):
            waiting += [(each, depth + 1) for each in item]
    return ""


def whole_number(digits: str) -> int:
    """A whole number as it is written. *Errors*: `ValueError` when it has more than `DIGITS_MAX` digits."""
    if len(digits) > DIGITS_MAX:
        raise ValueError(f"a number of more than {DIGITS_MAX} digits")
    return int(digits)


def number(text: str) -> float:
    """A number with a fraction or an exponent. *Errors*: `ValueError` when it is too large."""
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large a number")
    return value


def may_hold_halves(text: str) -> bool:
    """Whether a JSON text writes halves of surrogate pairs, which may or may not be whole pairs."""
    return _HALF_WRITTEN.search(text) is not None


def unusable(value: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    """Everything in a value that is no JSON value we can keep: where, what it is, and what to do."""
    if isinstance(value, str):
        if _HALF.search(value):
            yield path, "this text holds half a character (a lone surrogate)", "write both halves, or the character"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from unusable(key, (*path, key))
            yield from unusable(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unusable(item, (*path, index))
    elif isinstance(value, datetime.date | datetime.time):
        yield path, "a date or time is no JSON value", "write it as text"
    elif isinstance(value, float) and not -float("inf") < value < float("inf"):
        yield path, "this number is not finite", "write it as text"
    elif isinstance(value, int) and not -_WHOLE_MAX < value < _WHOLE_MAX:
        yield path, f"this number has more than {DIGITS_MAX} digits", "write it as text"
