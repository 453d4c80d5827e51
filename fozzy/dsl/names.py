"""The names a scenario refers to: each must be kept by some step, declared, or fozzy's own."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from functools import partial
from typing import Any

from fozzy.dsl.flaw import Flaw, Path, type_of
from fozzy.dsl.steps import step_types
from fozzy.dsl.values import ENV, references
from fozzy.errors import suggestion

BUILTIN_NAMES = ("seed", "now_ms")
PROSE = ("$schema", "name", "description", "tags")  # never resolved, so what looks like a reference is none
NEAR_MAX = 500  # names in order on both sides, among which a near one is looked for
STORING = {name: kind.stores for name, kind in step_types().items() if kind.stores}


def name_flaws(raw: dict[str, Any], kept_elsewhere: frozenset[str] | None) -> Iterator[Flaw]:
    """References to what nothing keeps, variables that refer to themselves.

    `kept_elsewhere` are the names that included files keep, none when they are not known.
    """
    yield from _unknown_names(raw, kept_elsewhere)
    yield from _circular_variables(raw)


def kept_names(raw: dict[str, Any]) -> frozenset[str]:
    """Every name some step of a file keeps a value under."""
    return frozenset(_stored(raw))


def _unknown_names(raw: dict[str, Any], kept_elsewhere: frozenset[str] | None) -> Iterator[Flaw]:
    keys = [*_stored(raw), *(kept_elsewhere or ())]
    variables, env = raw.get("vars"), raw.get("env")
    known = {*keys, *(variables if isinstance(variables, dict) else ()), *BUILTIN_NAMES, *_matrix_names(raw)}
    known |= {ENV + name for name in env if isinstance(name, str)} if isinstance(env, list) else set()
    ordered = sorted(known)
    # a key made at run time, or kept by a file that could not be read, may have any name
    any_key = kept_elsewhere is None or any("${" in key for key in keys)
    told = {part: value for part, value in raw.items() if part not in PROSE}
    for path, name in _names(told, ()):
        if not name:
            yield Flaw(path, "a reference is ${name}", "write $${ for a literal ${", "bad_reference")
        elif name not in known and not (any_key and not name.startswith(ENV)):
            yield Flaw(path, f'nothing keeps "{name}"', partial(_name_hint, name, ordered), "unknown_name")


def _matrix_names(raw: dict[str, Any]) -> list[str]:
    matrix = raw.get("matrix")
    return list(matrix) if isinstance(matrix, dict) else []


def _circular_variables(raw: dict[str, Any]) -> Iterator[Flaw]:
    """Variables may refer to others, but not to themselves."""
    parts = {part: raw[part] for part in ("vars", "matrix") if isinstance(raw.get(part), dict)}
    part_of = {name: part for part, declared in parts.items() for name in declared}  # a matrix goes before vars
    after = {
        name: {found for _, found in _names(parts[part][name], ()) if found in part_of}
        for name, part in part_of.items()
    }
    for name, part in part_of.items():
        reached, waiting = set[str](), list(after[name])
        while waiting:
            each = waiting.pop()
            if each not in reached:
                reached.add(each)
                waiting += after[each]
        if name in reached:
            yield Flaw((part, name), f'variable "{name}" refers to itself', reason="circular_variable")


def _name_hint(name: str, known: list[str]) -> str:
    if name.startswith(ENV):
        return f'list "{name.removeprefix(ENV)}" under "env"'
    at = bisect(known, name)
    return (
        suggestion(name, known[max(0, at - NEAR_MAX) : at + NEAR_MAX])
        or "keep it with a step, or declare it under vars"
    )


def _stored(value: Any) -> Iterator[str]:
    """Every key some step keeps a value under."""
    if isinstance(value, dict):
        for field in STORING.get(type_of(value), ()):
            kept = value.get(field)
            if isinstance(kept, str):
                yield kept
            elif isinstance(kept, dict):
                yield from kept
        for item in value.values():
            yield from _stored(item)
    elif isinstance(value, list):
        for item in value:
            yield from _stored(item)


def _names(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every reference in a value."""
    if isinstance(value, str):
        for name, _ in references(value) if "${" in value else ():
            yield path, name
    elif isinstance(value, dict):
        for key, item in value.items():
            for name, _ in references(key) if "${" in key else ():
                yield (*path, key), name
            yield from _names(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _names(item, (*path, index))
