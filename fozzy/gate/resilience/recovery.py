"""Recovery paths: the bodies of `except` clauses, and which of them ran, from what coverage saw.

What nobody ever ran is what an outage runs first.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from fozzy.core.lines import lines_of
from fozzy.core.outcome import Camel

TESTS = ("test_", "conftest")
REPORT_S_MAX = 120


class Clause(Camel, frozen=True, kw_only=True):
    """An `except` clause: its place, what it says, and whether its body ran."""

    file: str
    line: int
    text: str
    ran: bool


class Covered(Camel, frozen=True, kw_only=True):
    """What ran. `percent` is coverage's own number for all files together."""

    percent: float
    files: int
    clauses: list[Clause]

    @property
    def never(self) -> list[Clause]:
        """The clauses that never ran."""
        return [each for each in self.clauses if not each.ran]


def covered(data: Path) -> Covered | None:
    """What a coverage file says; none where it says nothing. *Errors*: `OSError`, `TimeoutExpired`."""
    out = data.with_suffix(".json")
    words = ["json", "--quiet", f"--data-file={data}", "-o", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "coverage", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=REPORT_S_MAX,
        check=False,
    )
    if done.returncode or not out.is_file():
        return None
    said = json.loads(out.read_bytes())
    return Covered(
        percent=said["totals"]["percent_covered"], files=len(said["files"]), clauses=list(_clauses(said["files"]))
    )


def _clauses(files: Mapping[str, Any]) -> Iterator[Clause]:
    for name, seen in sorted(files.items()):
        path = Path(name)
        if not path.name.startswith(TESTS) and path.is_file():
            yield from clauses_in(path.read_text(encoding="utf-8", errors="replace"), name, set(seen["executed_lines"]))


def clauses_in(text: str, name: str, executed: Collection[int]) -> Iterator[Clause]:
    """The clauses of a file, in order; none of one that is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    lines = lines_of(text)
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    for handler in sorted(handlers, key=lambda each: each.lineno):
        first, last = handler.body[0].lineno, handler.body[-1].end_lineno or handler.body[-1].lineno
        ran = any(line in executed for line in range(first, last + 1))
        yield Clause(file=name, line=handler.lineno, text=lines[handler.lineno - 1].strip().rstrip(":"), ran=ran)
