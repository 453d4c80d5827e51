"""How a function of a module is replaced by one of ours, so that nobody who holds it notices.

A door is called like what it stands for: from its module, from a class attribute, after `from time import time`, after
a deep copy, pickled by name. So it is a bound method, not a function, which a class would bind a second time.
Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import FunctionType, MethodType, ModuleType
from typing import Any

OURS = "fozzy"  # modules of this package keep what they have: they live in true time


class Door:
    """What a function of ours gets as its first argument: `true` is what stood here before."""

    __slots__ = ("module", "true")

    def __init__(self, module: str, true: Any) -> None:
        self.module = module
        self.true = true

    def __repr__(self) -> str:
        return f"<module '{self.module}'>"

    def __getattr__(self, name: str) -> Any:
        """A copy of a door, or an unpickled one, is what stands in its module under its name."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(sys.modules[self.module], name)

    def __deepcopy__(self, memo: Any) -> Door:
        return self

    def __reduce__(self) -> Any:
        return import_module, (self.module,)


_doors: dict[tuple[str, str], Any] = {}  # by the module and the name they stand under
_true: dict[str, Any] = {}
_stood: dict[int, tuple[Any, Any]] = {}  # by the number of what stood there: it, kept, and its door


def put(module: ModuleType, name: str, function: Callable[..., Any]) -> None:
    """Let a function of ours stand in a module under a name. A module that has no such name is left alone."""
    true = getattr(module, name, None)  # some modules make it when they are asked
    if true is None or true is _doors.get((module.__name__, name)):
        return
    replace(module, name, _named(function, module.__name__, name, true))


def _named(function: Callable[..., Any], module: str, name: str, true: Any) -> Any:
    assert isinstance(function, FunctionType)
    own = FunctionType(function.__code__, function.__globals__, name, function.__defaults__, function.__closure__)
    own.__kwdefaults__ = function.__kwdefaults__
    own.__module__, own.__qualname__, own.__doc__ = module, name, getattr(true, "__doc__", None)
    return MethodType(own, Door(module, true))


def replace(module: ModuleType, name: str, new: Any) -> None:
    """Let anything stand in a module in the place of what is there, for good."""
    true = getattr(module, name)
    _true.setdefault(f"{module.__name__}.{name}", true)
    _doors[module.__name__, name] = new
    _stood[id(true)] = true, new
    setattr(module, name, new)


def method(kind: type[Any], name: str, make: Callable[[Any], Any]) -> None:
    """Let `make(true)` stand in a class in the place of its own method."""
    true = vars(kind).get(name)
    if true is None or getattr(true, "_is_ours", False):
        return
    new = make(true)
    plain = getattr(new, "__func__", new)
    plain.__name__, plain.__qualname__ = name, f"{kind.__qualname__}.{name}"
    plain.__module__, plain.__doc__ = kind.__module__, getattr(true, "__doc__", None)
    plain._is_ours = True
    if new is not plain:
        new._is_ours = True
    _true.setdefault(f"{kind.__module__}.{kind.__qualname__}.{name}", true)
    setattr(kind, name, new)


def original(name: str) -> Any:
    """What a name such as `time.monotonic` meant before anything was put in its place."""
    if name in _true:
        return _true[name]
    module, _, function = name.rpartition(".")
    return getattr(import_module(module), function)


def sweep(modules: Mapping[str, ModuleType] | None = None) -> None:
    """Give the doors to those who took what stood there before, by `from time import time`."""
    for name, module in list((sys.modules if modules is None else modules).items()):
        if name.partition(".")[0] == OURS or not isinstance(module, ModuleType):
            continue
        names = vars(module)
        for key, value in list(names.items()):
            stood = _stood.get(id(value))
            if stood is not None and stood[0] is value:
                names[key] = stood[1]
