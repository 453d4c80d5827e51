"""What a pytest tells the runner that began it: lines of JSON in a file, written as things happen by each of its processes.

The plugin writes them (`pytest_plugin/telling`), `suite` reads them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

Outcome = Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "timeout"]
OURS = "chaos."  # what a test's properties begin with that the plugin has set
LIMIT = "chaos.limit"  # of a test that was ended since it took too long


class Told(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of the lines."""


class Chosen(Told, frozen=True, kw_only=True):
    """How many tests there are, how many are none of ours, and the seed of the session that those of tests follow from."""

    tests: int
    others: int
    seed: int


class Phase(Told, frozen=True, kw_only=True):
    """A process began a phase of a test; none: it is between tests."""

    pid: int
    test: str = ""
    phase: str = ""


class Ended(Told, frozen=True, kw_only=True):
    """A test is over. `properties` are those of its report, in order."""

    test: str
    outcome: Outcome
    phase: str = ""  # where it failed
    duration_ns: int = 0  # real
    message: str = ""
    properties: list[tuple[str, str]] = []


class Refused(Told, frozen=True, kw_only=True):
    """A file that could not be collected."""

    place: str
    message: str


Line = Chosen | Phase | Ended | Refused
_decoder = msgspec.json.Decoder(Line)


def tell(path: Path, said: Line) -> None:
    """Add a line. Several processes do so to one file, each line at once."""
    line = msgspec.json.encode(said) + b"\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)


class Reader:
    """Reads what was told since the last time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def more(self) -> list[Line]:
        """The lines that are whole."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._at)
            text = file.read()
        whole = text.rpartition(b"\n")[0]
        self._at += len(whole) + 1 if whole else 0
        return [_decoder.decode(line) for line in whole.splitlines()]
