"""A rule: which fault, on what, when."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from fozzy.faults.kinds.base import Kind
from fozzy.faults.schedule import Schedule

Target = Literal["http", "proc", "fs", "net"]

HEADER = "headers."
MATCHABLE: dict[str, tuple[str, ...]] = {  # what the events of a target are known by
    "http": ("method", "path", "url", f"{HEADER}NAME"),
    "proc": ("cmd", "args"),
    "fs": ("op", "path"),
    "net": ("op", "from", "to", "payload"),
}
OPS: dict[str, tuple[str, ...]] = {"fs": ("read", "write"), "net": ("send", "deliver")}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that is armed. `match` compares the event's properties, by equality or with `*` in texts."""

    name: str
    on: Target
    kind: Kind
    match: dict[str, Any] = {}
    schedule: Schedule = Schedule()

    def matches(self, event: dict[str, Any]) -> bool:
        """Whether an event is one this rule speaks of."""
        return all(agrees(event.get(name), wanted) for name, wanted in self.match.items())


def agrees(value: Any, wanted: Any) -> bool:
    """Whether a property is as a rule wants it."""
    if isinstance(value, str) and isinstance(wanted, str):
        return fnmatchcase(value, wanted) if any(char in wanted for char in "*?[") else value == wanted
    return bool(value == wanted)
