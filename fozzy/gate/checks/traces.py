"""Traces: every trace that is kept among the scenarios can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

from fozzy.engine.discover import Chosen
from fozzy.errors import Exit, FozzyError, Problem
from fozzy.gate.checked import Checked, judged, skipped
from fozzy.gate.checks.evidence import evidence
from fozzy.report.text import count

NAME = "traces"


def traces(chosen: Sequence[Chosen], *, strict: bool = True) -> Checked:
    """Verify every kept trace."""
    kept = [each for each in chosen if each.loaded is None]
    if not kept:
        return skipped(NAME, "no trace is kept here")
    found: list[Problem] = []
    for each in kept:
        try:
            found += evidence(each.path, strict=strict).found
        except FozzyError as error:
            found += error.problems
    return judged(NAME, count(len(kept), "kept trace"), found, exit_status=Exit.EVIDENCE)
