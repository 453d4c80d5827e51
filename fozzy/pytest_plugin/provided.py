"""Which of our fixtures there are: all but those whose name another plugin's fixture has.

pytest takes the one of whichever plugin it found last, which nobody chooses. A project's own fixture of a name comes before
any plugin's, as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from fozzy.pytest_plugin import fixtures, services

NAME = "fozzy.fixtures"
SOURCES = (fixtures, services)
MARKS = ("_fixture_function_marker", "_pytestfixturefunction")  # what a fixture has, in new pytests and in old ones


def provide(manager: pytest.PytestPluginManager) -> None:
    """Register our fixtures, once."""
    if not manager.has_plugin(NAME):
        theirs = set(foreign_fixtures(manager))
        ours = {name: made for name, made in own_fixtures() if name not in theirs}
        holder = ModuleType(NAME)
        vars(holder).update(ours)
        manager.register(holder, NAME)


def own_fixtures() -> Iterator[tuple[str, Any]]:
    """Our fixtures by their names."""
    for module in SOURCES:
        yield from ((name, made) for name, made in vars(module).items() if _is_fixture(made))


def foreign_fixtures(manager: pytest.PytestPluginManager) -> list[str]:
    """The names of ours that fixtures of other plugins have."""
    names = {name for name, _ in own_fixtures()}
    theirs = [each for each in manager.get_plugins() if isinstance(each, ModuleType) and _is_foreign(each)]
    return sorted(name for name in names if any(_is_fixture(getattr(each, name, None)) for each in theirs))


def _is_foreign(module: ModuleType) -> bool:
    return not module.__name__.startswith("fozzy.") and not (getattr(module, "__file__", None) or "").endswith(
        "conftest.py"
    )


def _is_fixture(made: Any) -> bool:
    return any(hasattr(type(made), mark) or mark in getattr(made, "__dict__", {}) for mark in MARKS)
