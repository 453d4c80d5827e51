"""Traces: every kept trace is verified, also when one of them is no trace at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fozzy.engine.discover import discover
from fozzy.gate.checks.traces import traces


def test_every_kept_trace_is_looked_at(recorded: Any, project: Path) -> None:
    """Sound ones pass; a file that only has the name of one is a problem."""
    chosen = discover(["scenarios"], project).chosen if Path("scenarios").exists() else []
    assert traces(chosen).status == "skip"
    recorded("calm").rename("scenarios/calm.fozzy")
    assert traces(discover(["scenarios"], project).chosen).ran == "1 kept trace"
    Path("scenarios/other.fozzy").write_text("no trace")
    checked = traces(discover(["scenarios"], project).chosen)
    assert [each.code for each in checked.found] == ["trace.not_a_trace"]
