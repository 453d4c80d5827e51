"""Files: a folder is listed in the order of names, whatever order its disk has them in.

Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from fozzy.sim import context
from fozzy.sim.patches import doors
from fozzy.sim.patches.doors import Door


class Entries:
    """What `os.scandir` gives, in the order of names."""

    def __init__(self, entries: Any) -> None:
        with entries:
            self._left = iter(sorted(entries, key=lambda entry: entry.name))

    def __iter__(self) -> Iterator[Any]:
        return self._left

    def __next__(self) -> Any:
        return next(self._left)

    def __enter__(self) -> Entries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """There are no more entries."""
        self._left = iter(())


def _listdir(door: Door, path: Any = None) -> list[Any]:
    found = door.true(path)
    return found if context.current is None else sorted(found)


def _scandir(door: Door, path: Any = None) -> Any:
    entries = door.true(path)
    return entries if context.current is None else Entries(entries)


def install() -> None:
    """Put the functions that list folders in place."""
    doors.put(os, "listdir", _listdir)
    doors.put(os, "scandir", _scandir)
