"""Does something to a module as soon as it has been imported, now or later.

Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Then = Callable[[ModuleType], None]

_waiting: dict[str, list[Then]] = {}  # kept, since a module may be reloaded


def when_imported(name: str, then: Then) -> None:
    """Call `then(module)` after the module has run: at once if it did already, and again when it is reloaded."""
    _waiting.setdefault(name, []).append(then)
    module = sys.modules.get(name)
    if module is not None:
        then(module)


class Hook:
    """Stands before the finders and wraps what they find, where somebody waits for it."""

    def __init__(self) -> None:
        self._asks: set[str] = set()  # for these the other finders are being asked

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """What the others find, made to tell when it has run."""
        if name not in _waiting or name in self._asks:
            return None
        self._asks.add(name)
        try:
            spec = _found(self, name, path, target)
        finally:
            self._asks.discard(name)
        if spec is not None:
            _tell(spec)
        return spec


def _found(hook: Hook, name: str, path: Any, target: Any) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, path, target) if find is not None and finder is not hook else None
        if spec is not None:
            return spec
    return None


def _tell(spec: ModuleSpec) -> None:
    """Have the loader call those who wait, once; it stays the object that others know."""
    loader: Any = spec.loader
    run = getattr(loader, "exec_module", None)
    if run is None:
        return

    def exec_module(module: ModuleType) -> None:
        with suppress(AttributeError):
            del loader.exec_module
        run(module)
        for then in _waiting[spec.name]:
            then(module)

    with suppress(AttributeError, TypeError):  # a loader that is a class, as those of modules in the interpreter are
        if not isinstance(loader, type):
            loader.exec_module = exec_module


def install() -> None:
    """Begin to watch imports."""
    if not any(isinstance(each, Hook) for each in sys.meta_path):
        sys.meta_path.insert(0, Hook())
