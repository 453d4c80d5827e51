"""Watches which of the user's files are read: modules as they are imported, and whatever else is opened.

Used in the interpreter of the user's code, so it imports nothing but the standard library. Watching begins when it is
made and never ends, as Python's audit hooks do; a fork goes on with what was seen before it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from fozzy.world.code.places import Places

FILES_MAX = 10_000  # of one interpreter; more than a project has


class Opened:
    """The files below the folders of a run that were opened to be read."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._seen: set[str] = set()
        self._told: set[str] = set()
        sys.addaudithook(self._hear)

    @property
    def seen(self) -> list[str]:
        """All of them until now, as absolute paths, sorted."""
        return sorted(self._seen)

    def take(self) -> list[str]:
        """Those nobody took yet."""
        new = sorted(self._seen - self._told)
        self._told.update(new)
        return new

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event != "open" or len(self._seen) >= FILES_MAX:
            return
        try:
            path, mode, flags = args
            if isinstance(path, str | bytes) and _reads(mode, flags):
                path = os.path.abspath(os.fsdecode(path))
                if self._places.shown(path) and not path.endswith(".pyc"):  # made of a file that is read too
                    self._seen.add(path)
        except Exception:  # whatever is passed to `open`, it must fail as it does without us
            return


def _reads(mode: str | None, flags: int) -> bool:
    """Whether a file is opened to be read; `os.open` has no mode."""
    return "r" in mode if mode else not flags & (os.O_WRONLY | os.O_RDWR)
