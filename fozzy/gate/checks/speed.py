"""Speed: a recorded run took no longer than a baseline.

Rule 1: the scenario's own time is exact where nothing of it is real: a nanosecond more is more.
Rule 2: real time, and the time of scenarios that ask the host, has a tolerance, and below a floor all is noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.core.summary import Summary
from fozzy.errors import Problem, Where
from fozzy.gate.checked import Checked, judged, skipped
from fozzy.report.text import duration, quoted
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import Header
from fozzy.trace.reader import open_trace

NAME = "speed"
NOISE_MS = 50  # a machine that does something else for a moment is slower by so much


class Timed(NamedTuple):
    """A recorded run and how long it took."""

    shown: str
    header: Header
    summary: Summary

    @property
    def is_exact(self) -> bool:
        """Whether its time is virtual altogether."""
        return self.header.det and "host" not in msgspec.structs.astuple(self.header.backends)


def speed(path: Path, baseline: Path, max_slowdown_percent: int) -> Checked:
    """Compare how long two runs took. *Errors*: `EvidenceError`, `StoreError`."""
    now, then = timed(path), timed(baseline)
    if now is None or then is None:
        return skipped(NAME, "a run that was cut off has no duration")
    if now.header.scenario.path != then.header.scenario.path:
        message = f"the baseline is of {then.header.scenario.path}, the trace of {now.header.scenario.path}"
        problem = Problem(
            code="ci.other_scenario", message=message, hint="name a trace of the same one", where=Where(then.shown)
        )
        return judged(NAME, "nothing", [problem])
    own = f"{duration(now.summary.duration_ns)} of its own time, {duration(then.summary.duration_ns)} before"
    real = f"{now.summary.duration_ms}ms real, {then.summary.duration_ms}ms before"
    return judged(NAME, f"{own}; {real}", _slower(now, then, max_slowdown_percent))


def timed(path: Path) -> Timed | None:
    """A trace's times, none when it was cut off. Nothing of it is believed before its seal was compared."""
    with open_trace(path) as trace:
        trace.check_seal()
        footer = trace.footer()
        return Timed(shown_path(path), trace.header(), footer.summary) if footer and footer.summary else None


def _slower(now: Timed, then: Timed, percent: int) -> Iterator[Problem]:
    ours, theirs = now.summary.duration_ns, then.summary.duration_ns
    exact = now.is_exact and then.is_exact
    if ours > theirs if exact else is_slower(ours // 10**6, theirs // 10**6, percent):
        yield Problem(
            code="ci.slower",
            message=f"it takes {ours} ns of its own time, the baseline {theirs} ns",
            hint=f"fozzy trace diff {quoted(then.shown)} {quoted(now.shown)}   shows where they part",
            where=Where(now.shown),
        )
    if is_slower(now.summary.duration_ms, then.summary.duration_ms, percent):
        more = f"more than {percent}% above the baseline's {then.summary.duration_ms} ms"
        yield Problem(
            code="ci.slower_real",
            message=f"it took {now.summary.duration_ms} ms in reality, {more}",
            hint="run it again when the machine is quiet; --max-slowdown says how much is allowed",
            where=Where(now.shown),
        )


def is_slower(now_ms: int, then_ms: int, percent: int) -> bool:
    """Whether a real time is longer than tolerance and noise explain."""
    return now_ms - then_ms > max(NOISE_MS, then_ms * percent // 100)
