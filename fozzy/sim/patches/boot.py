"""The machine on which the user's modules are imported: the same in every process, and nothing happens on it.

Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from fozzy.sim import context
from fozzy.sim.patches.fences import USER, Fence, Refused, asked_at, asking, whose

SAID_MAX = 1000
NAME = "import"


class Boot:
    """Its clock stands still, its entropy depends on who asks and how often he did."""

    name = NAME
    ip = "10.0.0.0"
    pid = 2

    def __init__(self) -> None:
        self.said: list[str] = []
        self._counts: dict[str, int] = {}

    def now_ns(self) -> int:
        """The run has not begun."""
        return 0

    def bits(self, count: int) -> int:
        """Bits that are the same in every process."""
        return int.from_bytes(self.entropy((count + 7) // 8), "little") & ((1 << count) - 1)

    def entropy(self, count: int) -> bytes:
        """Bytes that are the same in every process, whatever else was imported before."""
        frame = asking()
        asker = str(frame.f_globals.get("__name__", "")) if frame is not None else ""
        self._counts[asker] = number = self._counts.get(asker, 0) + 1
        return hashlib.shake_128(f"fozzy-import-1 {asker} {number}".encode()).digest(count)

    def block(self, duration_ns: int) -> None:
        """Nobody waits for anything."""

    def say(self, text: str) -> None:
        """Keep it. *Limits*: the first thousand lines."""
        if len(self.said) < SAID_MAX:
            self.said.append(text)

    def fence(self, call: str, why: str) -> BaseException:
        """For the user's code an exception that nobody swallows, for that of a package one it may know."""
        frame = asking()
        said = f"{call} is called while a module is imported, at {asked_at() or 'an unknown place'}: {why}"
        is_user = frame is None or whose(frame.f_code.co_filename) == USER
        return Fence(said) if is_user else Refused(said)


BOOT = Boot()


@contextmanager
def importing() -> Iterator[Boot]:
    """While the user's modules are imported, what they read is the same in every process."""
    before = context.current
    context.current = BOOT
    try:
        yield BOOT
    finally:
        context.current = before
