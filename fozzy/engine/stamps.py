"""When files were last changed: asked again and again, since no system tells it alike.

A change is another time, another size or another file under the name; so are a file that is gone and one that is new.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

Stamp = tuple[int, int, int]

GONE: Stamp = (-1, -1, -1)


class Stamps:
    """Files and folders that are watched. A folder changes when a name in it comes or goes."""

    def __init__(self) -> None:
        self._known: dict[str, Stamp] = {}

    def watch(self, paths: Iterable[str]) -> None:
        """Watch these and no others. Who was watched before is compared with what it was then."""
        known = self._known
        self._known = {path: known[path] if path in known else stamp(path) for path in paths}

    def changed(self) -> set[str]:
        """What has changed since the last time this was asked."""
        found: set[str] = set()
        for path, before in self._known.items():
            now = stamp(path)
            if now != before:
                self._known[path] = now
                found.add(path)
        return found

    def settle(self, paths: Iterable[str]) -> None:
        """Whatever happened to these until now is no change."""
        for path in paths:
            if path in self._known:
                self._known[path] = stamp(path)


def stamp(path: str) -> Stamp:
    """What is compared of a file; `GONE` where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # the latter: a name that no file can have
        return GONE
    return status.st_mtime_ns, status.st_size, status.st_ino
