"""Example values that satisfy what is expected, so that a declaration that is shown to be pasted answers as it must.

What no value is clear for is `MISSING`, and is left to who pastes it. To add a comparison or matcher: a value that
satisfies it among those that are tried; what is tried is held to the comparison itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET

from fozzy.dsl.steps.answers import AnswerCheck
from fozzy.dsl.steps.conditions import Condition, broken, matches
from fozzy.dsl.steps.matchers import matcher_of
from fozzy.dsl.steps.store import MISSING

TYPED: dict[str, Any] = {
    "string": "text",
    "number": 1,
    "integer": 1,
    "boolean": True,
    "null": None,
    "array": [],
    "object": {},
}
TEXTS = ("text", "1", "2026-01-31T00:00:00Z", "00000000-0000-4000-8000-000000000000", "a@example.com")
REPEATED_MAX = 1000  # characters or items; an example is to be read
ITEMS_MAX = 10  # before the one that is looked at

_SEGMENT = re.compile(r"\.(\w+)|\['([^'\\]*)'\]|\[(\d+)\]")
_ATOM = re.compile(
    r"(?P<atom>\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|\((?:\?:|\?P<\w+>)?(?P<group>(?:[^()\\]|\\.)*)\)|[^\\\[\](){}*+?|])"
    r"(?P<often>[*?]|\+|\{(?P<least>\d*)(?:,\d*)?\})?\??"
)
_ESCAPED = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "n": "\n", "t": "\t"}
_NOWHERE = ("^", "$", r"\A", r"\Z", r"\b")  # they match a place and no character
_OF_CLASSES = "a1A-_ ./"


def example_of(conditions: Iterable[Condition], usual: Iterable[Any] = ()) -> Any:
    """A value of which all conditions hold, the first of the `usual` ones if it is so."""
    wanted = list(conditions)
    tried = [*usual, *(each for condition in wanted for each in _tried(condition)), *TYPED.values()]
    return next((each for each in tried if not any(broken(one, each, "") for one in wanted)), MISSING)


def example_json(wanted: Any) -> Any:
    """Expected JSON with a value in place of each matcher; a member that none is clear for is left out."""
    if isinstance(wanted, list):
        return [None if item is MISSING else item for item in map(example_json, wanted)]
    if not isinstance(wanted, dict):
        return wanted
    name = matcher_of(wanted)
    if not name:
        found = {key: example_json(item) for key, item in wanted.items()}
        return {key: item for key, item in found.items() if item is not MISSING}
    argument = wanted[name]
    if name == "$regex":
        return example_text(argument)
    if name == "$approx":
        return argument["value"] if isinstance(argument, dict) else argument
    return TYPED[argument] if name == "$type" else None


def example_body(checks: Iterable[AnswerCheck], save: dict[str, str]) -> Any:
    """A JSON body in which checks find what they look for, and `save` what it keeps."""
    by_path: dict[str, list[AnswerCheck]] = {path: [] for path in save.values() if path.startswith("$")}
    for check in checks:
        if check.at.startswith("$"):
            by_path.setdefault(check.at, []).append(check)
    root: list[Any] = [MISSING]
    for path, looked in by_path.items():
        segments = _segments(path)
        value = example_of(looked) if looked else TYPED["string"]
        if segments is not None and value is not MISSING:
            _put(root, [0, *segments], value)
    return root[0]


def example_text(pattern: str) -> Any:
    """A text in which a regular expression is found. *Limits*: simple ones; groups are not looked into twice."""
    made = _written(pattern) if isinstance(pattern, str) and len(pattern) <= REPEATED_MAX else None
    tried = TEXTS if made is None else (made, *TEXTS)
    return next((text for text in tried if matches(pattern, text)), MISSING)


def _tried(condition: Condition) -> Iterator[Any]:
    for value in (condition.equals, condition.contains):
        if value is not UNSET:
            yield value
    if condition.contains is not UNSET:
        yield [condition.contains]
        yield {str(condition.contains): None}
    if condition.in_ is not UNSET:
        yield from condition.in_
    if condition.matches is not UNSET:
        yield example_text(condition.matches)
    for bound, step in ((condition.less, -1), (condition.greater, 1)):
        if isinstance(bound, int | float):
            yield bound + step
    if isinstance(condition.greater, str):
        yield f"{condition.greater}a"
    if isinstance(condition.length, int) and condition.length <= REPEATED_MAX:
        yield "a" * condition.length
        yield [None] * condition.length


def _segments(path: str) -> list[str | int] | None:
    """The names and places of a path to one value, none for any other path."""
    found = list(_SEGMENT.finditer(path, 1))
    if "".join(each[0] for each in found) != path[1:] or any(int(each[3] or 0) > ITEMS_MAX for each in found):
        return None
    return [int(each[3]) if each[3] is not None else each[1] or each[2] for each in found]


def _put(held: Any, segments: list[str | int], value: Any) -> None:
    """Put a value where a path leads, unless one stands there. What is looked into holds something, whatever it is."""
    first, rest = segments[0], segments[1:]
    if isinstance(first, int) != isinstance(held, list):
        return
    if isinstance(first, int):
        held += [None] * (first + 1 - len(held))
    here = held[first] if isinstance(first, int) else held.get(first, MISSING)
    if not rest:
        held[first] = value if here in (MISSING, None) else here
        return
    if not isinstance(here, dict | list) or not here:
        held[first] = [] if isinstance(rest[0], int) else {}
    _put(held[first], rest, value)


def _written(pattern: str) -> str | None:
    """What the first alternative of a pattern reads when it is written out; none when that is not clear."""
    made, at = "", 0
    while at < len(pattern) and pattern[at] != "|":
        found = _ATOM.match(pattern, at)
        one = None if found is None else _one(found)
        if found is None or one is None:
            return None
        often = found["often"]
        count = 1 if often in (None, "+") else int(found["least"] or 0)
        if count * len(one) > REPEATED_MAX:
            return None
        made, at = made + one * count, found.end()
    return made


def _one(found: re.Match[str]) -> str | None:
    atom, group = found["atom"], found["group"]
    if group is not None:
        return _written(group)
    if atom in _NOWHERE:
        return ""
    if atom.startswith("["):
        return next((char for char in _OF_CLASSES + atom if matches(f"^{atom}$", char)), None)
    if atom.startswith("\\"):
        return _ESCAPED.get(atom[1], None if atom[1].isalnum() else atom[1])
    return "a" if atom == "." else atom
