"""Flaw: a problem of a scenario by the path of the value it concerns, before anybody knows its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fozzy.dsl.places import Place

Path = tuple[str | int, ...]


class Flaw(NamedTuple):
    """A problem by the path of the value it concerns."""

    path: Path
    message: str
    hint: str | Callable[[], str] = ""  # the search for a near word is put off: of many problems only some get one
    reason: str = "bad_value"
    label: str = ""
    at_key: bool = False
    place: Place | None = None
    first: Place | None = None


def type_of(step: Any) -> str:
    """The type a step says it is, empty when it says none."""
    kind = step.get("type") if isinstance(step, dict) else None
    return kind if isinstance(kind, str) else ""
