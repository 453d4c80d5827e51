"""What cannot be simulated ends the run, with the call, the place that made it, and what to do instead.

Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from fozzy.sim import context
from fozzy.sim.context import Machine
from fozzy.sim.patches.doors import Door

_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_STDLIB = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_PACKAGES = re.compile(r"[\\/](site-packages|dist-packages)[\\/]")
FRAMES_MAX = 200

USER, PACKAGE, LIBRARY = "user", "package", "library"


def whose(file: str) -> str:
    """Who wrote a file: the user, the author of an installed package, or Python's (and we)."""
    if _PACKAGES.search(file):
        return PACKAGE
    if file.startswith((_STDLIB, _OURS, "<")):  # what is made of a text has no place
        return LIBRARY
    return USER


def asking() -> FrameType | None:
    """The innermost frame that is neither Python's nor ours: who makes the call; none if nobody else runs."""
    return _first(lambda kind: kind != LIBRARY)


def asked_at() -> str:
    """The line of the user's that led to a call, else that of a package: `/shop/orders.py:12`; empty if there is none."""
    frame = _first(lambda kind: kind == USER) or asking()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""


def _first(wanted: Callable[[str], bool]) -> FrameType | None:
    frame: FrameType | None = sys._getframe(2)
    for _ in range(FRAMES_MAX):
        if frame is None or wanted(whose(frame.f_code.co_filename)):
            return frame
        frame = frame.f_back
    return None


class Fence(BaseException):
    """Code that is run while it is imported does what cannot be simulated. No `except Exception` swallows it."""


class Refused(OSError, RuntimeError):
    """What an installed package gets instead while it is imported: it may know how to do without."""


def fence(machine: Machine, call: str, why: str) -> BaseException:
    """What to raise so that the run ends here."""
    error = machine.fence(call, why)
    with suppress(AttributeError):  # it has no room for it; then an executor may swallow it
        error.is_fence = True  # type: ignore[attr-defined]
    return error


def is_fence(error: BaseException) -> bool:
    """Whether this exception ends a run, so nobody may keep it for later."""
    return getattr(error, "is_fence", False) is True


def fenced(call: str, why: str) -> Callable[..., Any]:
    """A function for a door that no machine's code may go through."""

    def function(door: Door, *args: Any, **kwargs: Any) -> Any:
        machine = context.current
        if machine is None:
            return door.true(*args, **kwargs)
        raise fence(machine, call, why)

    return function


def fenced_method(call: str, why: str) -> Callable[[Any], Any]:
    """Makes a method that no machine's code may call."""

    def make(true: Any) -> Any:
        def function(self: Any, *args: Any, **kwargs: Any) -> Any:
            machine = context.current
            if machine is None:
                return true(self, *args, **kwargs)
            raise fence(machine, call, why)

        return function

    return make
