"""State that outlives a test, in `libraries` and of one's own, put back at the beginning and at the end of every test of ours.

Rule 1: what was there when a test began is put back then and when it has ended; what it makes itself is new anyhow.
Rule 2: what could not be put back when a test began is not its doing.
Rule 3: instances are looked for among all objects only where there may be new ones. Each instance refers to its class once,
so a class that nobody else has come to refer to has no new instances.
"""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

from fozzy.errors import UsageError
from fozzy.pytest_plugin.libraries import KINDS, Kind

F = TypeVar("F", bound=Callable[[], Any])
Found = Sequence[tuple[Kind, Any]]
IS_COUNTED = getattr(sys, "_is_gil_enabled", lambda: True)()  # without the lock references are counted otherwise
NEVER = -(10**9)  # no count comes to this


class Instances:
    """All instances there are of the classes in `KINDS`, found again without looking where none are new."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[type, list[ref[Any]]] = WeakKeyDictionary()
        self._others: WeakKeyDictionary[type, int] = WeakKeyDictionary()  # how many refer to it that are no instances
        self.looks = 0  # how often all objects were looked at

    def now(self) -> Found:
        """Those there are, class by class."""
        kinds = _classes()
        counted = {each: sys.getrefcount(each) for each in kinds}
        alive = {each: _living(self._known.get(each, ())) for each in kinds}
        changed = [each for each in kinds if counted[each] != self._others.get(each, NEVER) + len(alive[each])]
        if changed:
            alive.update(self._look(changed, counted))
        return [(kinds[each], instance) for each in kinds for instance in alive[each]]

    def _look(self, classes: Sequence[type], counted: dict[type, int]) -> dict[type, list[Any]]:
        self.looks += 1
        referring = gc.get_referrers(*classes)
        found = {each: [one for one in referring if type(one) is each] for each in classes}
        for each, instances in found.items():
            weak = [weakly for one in instances if (weakly := _weakly(one)) is not None]
            self._known[each] = weak
            is_known = IS_COUNTED and len(weak) == len(instances)
            self._others[each] = counted[each] - len(instances) if is_known else NEVER
        return found


class Resetting:
    """What is put back for one test."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._own: list[Callable[[], Any]] = []
        self._before: list[str] = []

    def begin(self) -> None:
        """The test begins."""
        self._before = self._put_back()

    def end(self) -> list[str]:
        """It has ended. Returns what could not be put back."""
        wrong = [said for each in reversed(self._own) if (said := _tried(each, _name_of(each)))]
        return wrong + [said for said in self._put_back() if said not in self._before]

    def own(self, forget: F) -> F:
        """Call this now, and when the test has ended. *Errors*: `UsageError` for what cannot be called so."""
        if not callable(forget):
            raise _no_function(repr(forget))
        waits = forget()
        if inspect.isawaitable(waits):
            if inspect.iscoroutine(waits):
                waits.close()
            raise _no_function("one that has to be awaited")
        self._own.append(forget)
        return forget

    def _put_back(self) -> list[str]:
        wrong = []
        for kind, each in self._found:
            said = _tried(partial(kind.put_back, each), f"{kind.name} of {kind.module.partition('.')[0]}")
            wrong += [said] if said else []
        return wrong


def _no_function(what: str) -> UsageError:
    hint = "give it a function without arguments that waits for nothing"
    return UsageError("usage.bad_value", f"chaos.resets calls a function, got {what}", hint=hint)


def _tried(put_back: Callable[[], Any], name: str) -> str:
    """Put something back. Returns what went wrong, if anything did."""
    try:
        put_back()
    except Exception as error:
        return f"a state that could not be put back: {name}: {type(error).__name__}: {error}"
    return ""


def _classes() -> dict[type, Kind]:
    """The classes that are loaded, each with what inherits from it."""
    found: dict[type, Kind] = {}
    for kind in KINDS:
        loaded = kind.loaded
        waiting = [] if loaded is None else [loaded]
        while waiting:
            each = waiting.pop()
            found[each] = kind
            waiting += type.__subclasses__(each)
    return found


def _living(known: Iterable[ref[Any]]) -> list[Any]:
    return [each for weakly in known if (each := weakly()) is not None]


def _weakly(each: Any) -> ref[Any] | None:
    """A weak reference, where there can be one."""
    try:
        return ref(each)
    except TypeError:
        return None


def _name_of(forget: Callable[[], Any]) -> str:
    return getattr(forget, "__qualname__", None) or repr(forget)
