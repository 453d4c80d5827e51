"""Shrinks: a failing run becomes smaller and still fails for the same reason. A smoke test, bounded by time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fozzy.errors import Problem, Where
from fozzy.gate.checked import Checked, judged, skipped
from fozzy.report.text import count
from fozzy.search.failing import Failing, open_failing
from fozzy.search.shrink.shrinker import Shrunk, shrink

NAME = "shrink"
TRIED_MAX = 3  # failing runs
BUDGET_NS = 10**9  # for each of them


def shrinks(failing: Sequence[Path], names: Sequence[str] = ()) -> Checked:
    """Shrink the largest of these traces. *Errors*: `EvidenceError` when a failure does not come again."""
    if not failing:
        return skipped(NAME, "no scenario fails without asking the host or user code")
    found: list[Problem] = []
    kept = before = 0
    largest = sorted(failing, key=lambda path: (-path.stat().st_size, path))[:TRIED_MAX]
    for path in largest:
        start = open_failing(path, names)
        done = shrink(start.subject, start.first, start.failure, budget_ns=BUDGET_NS)
        before += start.first.script.steps
        kept += done.best.script.steps
        found += [] if _fails_alike(start, done) else [_problem(start)]
    rest = len(failing) - TRIED_MAX
    left_out = [f"{count(rest, 'more failing run')}: this is a smoke test"] if rest > 0 else []
    return judged(
        NAME, f"{count(len(largest), 'failing run')}, {count(before, 'step')} became {kept}", found, left_out=left_out
    )


def _fails_alike(start: Failing, done: Shrunk) -> bool:
    outcome = start.subject.run(done.best)
    return outcome.failure is not None and outcome.failure[:3] == start.failure[:3]


def _problem(start: Failing) -> Problem:
    path = start.header.scenario.path
    message = f"{path}: the smaller run does not fail with {start.failure.shown} any more"
    return Problem(code="full.shrink_lost", message=message, hint="please report it", where=Where(path))
