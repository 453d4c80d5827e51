"""The live line of a suite on a terminal: erased before anything else is printed, gone at the end."""

from __future__ import annotations

from fozzy.cli.console import Console

BAR_CHARS = 24


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
