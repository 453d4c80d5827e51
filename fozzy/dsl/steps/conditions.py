"""What a value must be: the comparisons that `assert`, `if` and the checks on answers share.

To add a comparison: a field of `Condition` and a function of its name in `_BROKEN`.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from fozzy import wall
from fozzy.core.outcome import StepFailed
from fozzy.dsl.steps.base import Count, Flag, Issue, show, told
from fozzy.dsl.steps.store import MISSING, same

MATCH_S = 2  # of the processor, for one match; what is meant to be found is found in microseconds
_REPEATS = re.compile(r"[*+{]")  # what a pattern needs that takes long

TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}

TypeName = Literal["string", "number", "integer", "boolean", "null", "array", "object"]


class Condition(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Comparisons of one value; all that are given must hold, and one must be given."""

    lead: ClassVar[str] = ""  # the field that says what is compared

    equals: Any | UnsetType = UNSET
    not_equals: Any | UnsetType = UNSET
    less: Any | UnsetType = UNSET
    greater: Any | UnsetType = UNSET
    contains: Any | UnsetType = UNSET
    matches: str | UnsetType = UNSET
    in_: list[Any] | UnsetType = msgspec.field(name="in", default=UNSET)
    of_type: TypeName | UnsetType = UNSET
    length: Count | UnsetType = UNSET
    exists: Flag | UnsetType = UNSET


class Broken(NamedTuple):
    """A comparison that does not hold: the field it is in, what to say, and what was wanted."""

    field: str
    message: str
    wanted: Any


def broken(condition: Condition, value: Any, name: str) -> Broken | None:
    """The first comparison that does not hold of `value`, which people know as `name`; none when all hold."""
    if condition.exists is not UNSET and condition.exists != (value is not MISSING):
        wanted = "a value" if condition.exists else "no value"
        return Broken("exists", f"{name} {_is(value)}, wanted {wanted}", condition.exists)
    for field, check in _BROKEN.items():
        wanted = getattr(condition, field)
        if wanted is not UNSET:
            said = "has no value" if value is MISSING else check(value, wanted)
            if said:
                return Broken(field.rstrip("_"), f"{name} {said}", wanted)
    return None


def compared(wrong: Broken, value: Any) -> dict[str, Any]:
    """The details of a comparison that does not hold. That there is no value at all is another cause than a wrong one."""
    if value is MISSING:
        return {"comparison": wrong.field, "expected": wrong.wanted, "actual": None, "cause": "no value"}
    return {"comparison": wrong.field, "expected": wrong.wanted, "actual": value}


def check_condition(condition: Condition, path: tuple[str | int, ...] = ()) -> Iterator[Issue]:
    """A condition says something, and its regular expression is one."""
    if all(getattr(condition, field) is UNSET for field in Condition.__struct_fields__):
        names = ", ".join(field.rstrip("_") for field in Condition.__struct_fields__)
        yield Issue(path, "a comparison must be given", f"one of {names}", "missing_field")
    if isinstance(condition.matches, str) and "${" not in condition.matches:
        yield from check_pattern(condition.matches, (*path, "matches"))


def check_pattern(pattern: str, path: tuple[str | int, ...]) -> Iterator[Issue]:
    """A regular expression can be read."""
    try:
        _compiled(pattern)
    except ValueError as error:
        yield Issue(path, f"this is not a regular expression: {error}")


def matches(pattern: str, text: str) -> bool:
    """Whether a regular expression is found in a text. A pattern that came from a reference may be none.

    *Limits*: `MATCH_S` of the processor's time, since some take longer than anybody lives. *Errors*: `StepFailed` then.
    """
    try:
        compiled = _compiled(pattern)
    except ValueError:
        return False
    if not _REPEATS.search(pattern):
        return compiled.search(text) is not None
    try:
        with wall.work_bounded(MATCH_S):
            return compiled.search(text) is not None
    except wall.TooMuchWork:
        message = f"the regular expression {show(pattern)} was not done with {len(text):,} characters after {MATCH_S} s"
        raise StepFailed("match_too_long", message, "limit", "timeout") from None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """*Errors*: `ValueError` for what is none, or too large or too deep to be one. *Limits*: 256 are remembered."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a later Python may read otherwise is nothing for a user to see
            return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _is(value: Any) -> str:
    return "has no value" if value is MISSING else f"is {told(value)}"


def _equals(value: Any, wanted: Any) -> str:
    return "" if same(value, wanted) else f"is {told(value)}, wanted {told(wanted)}"


def _not_equals(value: Any, wanted: Any) -> str:
    return f"is {told(value)}, wanted anything else" if same(value, wanted) else ""


def _less(value: Any, wanted: Any) -> str:
    return "" if _comparable(value, wanted) and value < wanted else f"is {told(value)}, wanted less than {told(wanted)}"


def _greater(value: Any, wanted: Any) -> str:
    good = _comparable(value, wanted) and value > wanted
    return "" if good else f"is {told(value)}, wanted more than {told(wanted)}"


def _comparable(left: Any, right: Any) -> bool:
    return any(TYPES[name](left) and TYPES[name](right) for name in ("number", "string"))


def _contains(value: Any, wanted: Any) -> str:
    return "" if includes(value, wanted) else f"is {told(value)}, wanted {told(wanted)} in it"


def includes(value: Any, wanted: Any) -> bool:
    """A text includes a part of it, a list an item, an object the same members, each including what is wanted of it."""
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    if isinstance(value, list):
        return any(same(item, wanted) for item in value)
    if not isinstance(value, dict):
        return False
    if isinstance(wanted, str):
        return wanted in value
    return isinstance(wanted, dict) and all(
        key in value and (same(value[key], item) or (isinstance(item, dict) and includes(value[key], item)))
        for key, item in wanted.items()
    )


def _matches(value: Any, wanted: str) -> str:
    good = isinstance(value, str) and matches(wanted, value)
    return "" if good else f"is {told(value)}, wanted something matching {told(wanted)}"


def _in(value: Any, wanted: list[Any]) -> str:
    return "" if any(same(value, item) for item in wanted) else f"is {told(value)}, wanted one of {told(wanted)}"


def _of_type(value: Any, wanted: str) -> str:
    return "" if TYPES[wanted](value) else f"is {told(value)}, wanted a value of type {wanted}"


def _length(value: Any, wanted: int) -> str:
    if not isinstance(value, str | list | dict):
        return f"is {told(value)}, which has no length"
    return "" if len(value) == wanted else f"has length {len(value)}, wanted {wanted}"


_BROKEN: dict[str, Callable[[Any, Any], str]] = {
    "equals": _equals,
    "not_equals": _not_equals,
    "less": _less,
    "greater": _greater,
    "contains": _contains,
    "matches": _matches,
    "in_": _in,
    "of_type": _of_type,
    "length": _length,
}
