"""The live line of a suite."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fozzy.cli.console import Console
from fozzy.cli.live import BAR_CHARS, Progress


class Watched(Console):
    """A console before which a person sits; it keeps what was shown."""

    def __init__(self, watched: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.watched = watched
        self.shown: list[str] = []

    @property
    def is_live(self) -> bool:
        return self.watched

    def erase_line(self, text: str) -> None:
        self.shown.append(text)


def test_it_grows_and_counts() -> None:
    """Each finished scenario moves the bar; failures are counted; the last one shows nothing any more."""
    console = Watched()
    progress = Progress(console, 4)
    for failed in (False, True, True, False):
        progress.step(failed)
    progress.erase()
    bars = [re.fullmatch(r"  \[([=> ]+)\] (\d)/4  (\d) failed", text) for text in console.shown[:3]]
    assert all(bars)
    assert [(bar[2], bar[3]) for bar in bars if bar] == [("1", "0"), ("2", "1"), ("3", "2")]
    assert [len(bar[1]) for bar in bars if bar] == [BAR_CHARS] * 3
    assert [bar[1].count("=") for bar in bars if bar] == [6, 12, 18]
    assert console.shown[3:] == [""]


@pytest.mark.parametrize(
    ("console", "total"), [(Watched(watched=False), 4), (Watched(quiet=True), 4), (Watched(), 1), (Watched(), 0)]
)
def test_it_is_silent_when_nobody_watches(console: Watched, total: int) -> None:
    """Nothing is shown or erased for a pipe, under -q, or for a single scenario."""
    progress = Progress(console, total)
    for _ in range(total):
        progress.step(False)
    progress.erase()
    assert console.shown == []


def test_it_fits_a_line() -> None:
    """However many there are, the line is not wider than eighty columns."""
    console = Watched()
    progress = Progress(console, 1_000_000)
    for _ in range(1000):
        progress.step(True)
    assert max(map(len, console.shown)) < 80
