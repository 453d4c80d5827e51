"""What else is wrong with a chaos file some of whose values are wrong: one problem never hides another.

Values that are no values of their fields are left out, and the rest is held against the engine as if they were not
there. What the engine says of something that a left out value belongs to may be its own fault, and is not told.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from fozzy.chaos.files.checked import check_plan
from fozzy.dsl.flaw import Flaw, Path
from fozzy.errors import InputError
from fozzy.faults.http.plan import Plan

LEFT_OUT_MAX = 100  # values of one file
_AT = re.compile(r" - at `\$(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_PATH = re.compile(r"[A-Za-z_][\w-]*(?:\[\d+\]|\.[\w-]+)*")
_PART = re.compile(r"[\w-]+")


def remaining_flaws(
    raw: dict[str, Any], kind: Any = Plan, check: Callable[[Any], object] = check_plan
) -> Iterator[Flaw]:
    """What the engine refuses of the rest of a plan, which is to be of this kind."""
    plan, gone = _without_bad(copy.deepcopy(raw), kind)
    if plan is None:
        return
    try:
        check(plan)
    except InputError as error:
        for problem in error.problems:
            path = named_path(problem.message, raw)
            if not any(each[: len(path)] == path for each in gone):
                yield Flaw(path, problem.message, problem.hint, problem.code.partition(".")[2])


def named_path(message: str, raw: Any, at: Path = ()) -> Path:
    """The longest path below `at` that a message names and the data holds; `at` where there is none."""
    best = at
    for found in _PATH.finditer(message):
        path, value = at, _value(raw, at)
        for part in _PART.findall(found[0]):
            step: str | int = int(part) if isinstance(value, list) and part.isdigit() else part
            if not _holds(value, step):
                break
            path, value = (*path, step), value[step]
        best = path if len(path) > len(best) else best
    return best


def _value(raw: Any, path: Path) -> Any:
    for step in path:
        raw = raw[step]
    return raw


def _holds(value: Any, step: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _without_bad(raw: dict[str, Any], kind: Any) -> tuple[Any, list[Path]]:
    """The plan without what is no value of its field, and where that stood; none where too much is wrong."""
    gone: list[Path] = []
    for _ in range(LEFT_OUT_MAX):
        try:
            return msgspec.convert(raw, kind), gone
        except (msgspec.ValidationError, RecursionError) as error:
            path = _bad_path(str(error), raw)
            if not path:
                break
            del _value(raw, path[:-1])[path[-1]]
            gone.append(path)
    return None, gone


def _bad_path(said: str, raw: dict[str, Any]) -> Path:
    """What is to be left out: a member of an object, so that no index changes."""
    found, unknown = _AT.search(said), _UNKNOWN.match(said)
    path: Path = ()
    for name, index in _STEP.findall(found[1] if found else ""):
        step: str | int = name or (int(index) if index.isdigit() else index)
        if not _holds(_value(raw, path), step):  # the name of a member of a free table is not told
            break
        path = (*path, step)
    if unknown is not None and _holds(_value(raw, path), unknown[1]):
        path = (*path, unknown[1])
    while path and isinstance(path[-1], int):
        path = path[:-1]
    return path
