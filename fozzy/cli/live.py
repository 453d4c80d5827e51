"""Live lines at the bottom of a terminal: erased before anything else is printed, gone at the end."""

from __future__ import annotations

import shutil

from fozzy import wall
from fozzy.cli.console import Console

BAR_CHARS = 24
LIVE_NS = 100 * 10**6  # between two looks


class Ticker:
    """A line of a search that says how far it is, ten times a second; nothing unless a person watches."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._on = console.is_live and not console.quiet
        self._last_ns = 0

    def is_due(self) -> bool:
        """Whether it is time to say something again."""
        if not self._on or wall.elapsed_ns() - self._last_ns < LIVE_NS:
            return False
        self._last_ns = wall.elapsed_ns()
        return True

    def say(self, text: str) -> None:
        """Put this at the bottom."""
        if self._on:
            self._console.erase_line(f"  {text}"[: shutil.get_terminal_size().columns - 1])  # what wraps is not erased

    def erase(self) -> None:
        """Take the line away."""
        if self._on:
            self._console.erase_line("")


class Progress:
    """`[=====>    ] 21/46  2 failed` on stderr; nothing unless a person watches."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._on = console.is_live and not console.quiet and total > 1
        self._total = total
        self._done = self._failed = 0

    def step(self, failed: bool) -> None:
        """One more is done."""
        self._done += 1
        self._failed += failed
        if self._on and self._done < self._total:
            filled = BAR_CHARS * self._done // self._total
            bar = ("=" * filled + ">").ljust(BAR_CHARS + 1)[:BAR_CHARS]
            self._console.erase_line(f"  [{bar}] {self._done}/{self._total}  {self._failed} failed")

    def erase(self) -> None:
        """Take the line away."""
        if self._on:
            self._console.erase_line("")
