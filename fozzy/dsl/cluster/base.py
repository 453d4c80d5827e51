"""ClusterPart: base of everything a distributed file is made of. Fields say what they mean, for schema and editors.

To add a field: annotate it with `about("…")`; a rule beyond its type stands in `check`. What concerns several parts
(names of nodes, steps that need a client) stands in `rules.py`.
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from msgspec import Meta

from fozzy.core.choice import CHANCES
from fozzy.core.duration import parse_ns
from fozzy.dsl.steps.base import Checked, Issue

_DOTTED = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
_MODULE = re.compile(_DOTTED)
_TARGET = re.compile(rf"{_DOTTED}:{_DOTTED}")


class ClusterPart(Checked, frozen=True, kw_only=True):
    """Base of what a distributed file is made of."""

    noun: ClassVar[str] = ""  # what a tagged one is called when its tag is unknown


def about(meaning: str) -> Meta:
    """What a field means, for the schema, the reference and the hovers of editors."""
    return Meta(description=meaning)


def check_target(field: str, text: str | None, noun: str) -> Iterator[Issue]:
    """User code is named as `module:name`."""
    if text is not None and not _TARGET.fullmatch(text):
        yield Issue((field,), f'"{text}" is not {noun}', "write it as package.module:name")


def check_modules(field: str, names: list[str]) -> Iterator[Issue]:
    """Modules are named with dots, and once."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not _MODULE.fullmatch(name):
            yield Issue((field, index), f'"{name}" is not the name of a module', "write it as package.module")
        elif name in seen:
            yield Issue((field, index), f'module "{name}" is named twice')
        seen.add(name)


def check_positive(field: str, text: str | None) -> Iterator[Issue]:
    """A duration that must be more than nothing."""
    if text is not None and parse_ns(text) == 0:
        yield Issue((field,), f'"{field}" must be more than nothing')


def check_range(field: str, low: int, high: int) -> Iterator[Issue]:
    """Two ends in order, near enough to be drawn between. `low` and `high` are the two items of the field."""
    if high < low:
        yield Issue((field, 1), f'"{field}" must name the lower end first', "swap them")
    elif high - low >= CHANCES:
        yield Issue((field, 1), f'the ends of "{field}" must be less than 2^53 apart, times in ns')
