"""Expected JSON with matchers: `{"$any": true}`, `{"$regex": …}`, `{"$type": …}`, `{"$approx": …}` inside a value."""

from collections.abc import Iterator
from typing import Any

from fozzy.dsl.steps.base import Issue
from fozzy.dsl.steps.conditions import TYPES, check_pattern, matches
from fozzy.dsl.steps.store import same

NAMES = ("$any", "$regex", "$type", "$approx")
RELATIVE_DEFAULT = 1e-6


def agrees(value: Any, wanted: Any) -> bool:
    """Whether a value is as wanted, matchers aside exactly."""
    if isinstance(wanted, dict):
        name = matcher_of(wanted)
        if name:
            return _holds(name, wanted[name], value)
        if not isinstance(value, dict) or value.keys() != wanted.keys():
            return False
        return all(agrees(value[key], item) for key, item in wanted.items())
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(agrees, value, wanted))
    return same(value, wanted)


def check_matchers(wanted: Any, path: tuple[str | int, ...]) -> Iterator[Issue]:
    """Matchers are known, stand alone, and say something."""
    if isinstance(wanted, list):
        for index, item in enumerate(wanted):
            yield from check_matchers(item, (*path, index))
    elif isinstance(wanted, dict):
        name = matcher_of(wanted)
        if name:
            yield from _check(name, wanted[name], (*path, name))
            return
        for key, item in wanted.items():
            if key in NAMES:
                yield Issue((*path, key), f'a matcher stands alone, "{key}" has company')
            yield from check_matchers(item, (*path, key))


def matcher_of(wanted: dict[str, Any]) -> str:
    """The matcher an object is, empty for any other object."""
    return next((key for key in wanted if key in NAMES), "") if len(wanted) == 1 else ""


def _holds(name: str, argument: Any, value: Any) -> bool:
    if name == "$any":
        return True
    if name == "$regex":
        return isinstance(value, str) and isinstance(argument, str) and matches(argument, value)
    if name == "$type":
        return argument in TYPES and TYPES[argument](value)
    return TYPES["number"](value) and _is_approx(argument) and _is_near(value, argument)


def _is_near(value: float, argument: Any) -> bool:
    """Exact and as the numbers are written: a whole number may be larger than any float, and 1.6 is 0.1 from 1.5."""
    from fractions import Fraction  # only this matcher needs it

    def exact(number: float) -> Fraction:
        return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)

    if isinstance(argument, dict):
        return abs(exact(value) - exact(argument["value"])) <= exact(argument["within"])
    return abs(exact(value) - exact(argument)) <= abs(exact(argument)) * exact(RELATIVE_DEFAULT)


def _check(name: str, argument: Any, path: tuple[str | int, ...]) -> Iterator[Issue]:
    if isinstance(argument, str) and "${" in argument:
        return  # refers to the run; looked at there
    if name == "$any" and argument is not True:
        yield Issue(path, '"$any" must be true')
    elif name == "$regex":
        if isinstance(argument, str):
            yield from check_pattern(argument, path)
        else:
            yield Issue(path, '"$regex" must be text')
    elif name == "$type" and not (isinstance(argument, str) and argument in TYPES):
        yield Issue(path, f'"$type" must be one of {", ".join(TYPES)}')
    elif name == "$approx" and not _is_approx(argument) and not _refers(argument):
        yield Issue(path, '"$approx" must be a number, or an object with "value" and "within"')


def _is_approx(argument: Any) -> bool:
    """A number, or one and how far off it may be."""
    if isinstance(argument, dict):
        return argument.keys() == {"value", "within"} and all(map(_is_number, argument.values()))
    return _is_number(argument)


def _refers(argument: Any) -> bool:
    """Whether one of the two numbers refers to the run, and is looked at there."""
    if not isinstance(argument, dict) or argument.keys() != {"value", "within"}:
        return False
    return all(_is_number(each) or (isinstance(each, str) and "${" in each) for each in argument.values())


def _is_number(value: Any) -> bool:
    return TYPES["number"](value)
