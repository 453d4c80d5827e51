"""What an animal of the zoo is: a planted failure, and the smallest answer to it that is known by hand.

Rule 1: a condition that must survive the shrinking speaks of one bad thing (`never`, `isnt`): a value of another type
or an empty one passes, so that nothing but the planted cause makes it fail. Where a step that keeps the value may be
left unexecuted by the shrinking, `isnt` is right: `assert` fails alike over a value that is missing.
Rule 2: the smallest answer is what can be reached by dropping, unwrapping and lowering alone.
Rule 3: noise is made by plain loops, so that the same animal is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Least:
    """The smallest answer: how many steps, choices that are not boring, and faults are left, and what else holds."""

    steps: int
    nonzero_choices: int = 0
    faults: int = 0
    holds: Callable[[Json], bool] | None = None


@dataclass(frozen=True)
class Animal:
    """A planted failure. `smallest` fails alike with the draws of `tape`, by label; what is not there is boring.

    `leak_bytes_max` is what `--leak-budget` says. `tempts` marks those where a careless shrinker ends with another
    failure.
    """

    name: str
    why: str
    scenario: Json
    least: Least
    smallest: Json
    files: dict[str, str] = field(default_factory=dict)
    seed: int = 1
    case: Json = field(default_factory=dict)
    tape: dict[str, list[int]] = field(default_factory=dict)
    leak_bytes_max: int | None = None
    tempts: bool = False


def scenario(steps: list[Json], **more: Any) -> Json:
    """A scenario of these steps."""
    return {"version": 1, "name": "zoo", **more, "steps": steps}


def kv(key: str, value: Any) -> Json:
    """Keeps a value."""
    return {"type": "set_kv", "key": key, "value": value}


def grow(key: str, more: str) -> Json:
    """Adds to a text: a counter, and a memory for the order of things."""
    return kv(key, f"${{{key}}}{more}")


def got(key: str, wanted: Any) -> Json:
    """Wants a key to have a value; a key that is missing is another failure than a wrong value."""
    return {"type": "get_kv_assert", "key": key, "equals": wanted}


def never(name: str, bad: str) -> Json:
    """Fails exactly when the text of a value matches `bad` as a whole."""
    return {"type": "assert", "that": f"{name}=${{{name}}}", "matches": f"^(?!{name}={bad}$)"}


def isnt(name: str, bad: str) -> Json:
    """Fails exactly when a value is this text; a value that is missing is another failure."""
    return {"type": "assert_ne_str", "a": f"${{{name}}}", "b": bad}


def block(kind: str, steps: list[Json], **more: Any) -> Json:
    """A block that holds steps."""
    return {"type": kind, **more, "steps": steps}


def noise(count: int, tag: str = "n") -> list[Json]:
    """Steps that pass and that nothing needs."""
    return [_noise(index, f"{tag}{index}") for index in range(count)]


def _noise(index: int, name: str) -> Json:
    kinds: list[Json] = [
        kv(name, {"index": index, "words": ["a", "b"]}),
        {"type": "assert_eq_int", "a": index, "b": index, "msg": "as ever"},
        {"type": "trace_event", "name": name, "fields": {"index": index}},
        {"type": "sleep", "duration": "1us"},
        {"type": "rand_int", "min": 0, "max": 9, "key": name},
        block("group", [kv(name, index), got(name, index)], name=name),
    ]
    return kinds[index % len(kinds)]


def all_steps(raw: Json) -> Iterator[Json]:
    """Every step of a scenario, blocks included, in the order of the file."""
    for part in ("setup", "steps", "teardown"):
        yield from _inside(raw.get(part) or [])


def _inside(steps: list[Json]) -> Iterator[Json]:
    for step in steps:
        yield step
        for held in bodies(step):
            yield from _inside(held)


def bodies(step: Json) -> list[list[Json]]:
    """The lists of steps a step holds."""
    held = [step[name] for name in ("steps", "then", "else") if name in step]
    return [*held, *step.get("branches", {}).values()]


def only(raw: Json, kind: str) -> Json:
    """The only step of a type, nothing when there is none or more than one."""
    found = [step for step in all_steps(raw) if step["type"] == kind]
    return found[0] if len(found) == 1 else {}


def kept(raw: Json, key: str) -> list[Any]:
    """The values that are written under a key, in the order of the file."""
    return [step["value"] for step in all_steps(raw) if step["type"] == "set_kv" and step["key"] == key]


def is_boring(value: Any) -> bool:
    """Whether a value is as small as one can be."""
    return value in (0, "", None, False, [], {})
