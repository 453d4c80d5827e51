"""Shrinks: a failing run becomes smaller and keeps its reason."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.gate.checks import shrinks as module
from fozzy.gate.checks.shrinks import shrinks

SLEEP = {"type": "sleep", "duration": "5ms"}


def test_a_failing_run_becomes_smaller(recorded: Any) -> None:
    """Steps that the failure does not need go."""
    trace = recorded("bad", SLEEP, SLEEP, {"type": "fail", "message": "no"}, code=1)
    checked = shrinks([trace])
    assert (checked.status, checked.ran) == ("pass", "1 failing run, 3 steps became 1")


def test_nothing_that_fails_is_skipped() -> None:
    """Without a failing run there is nothing to shrink."""
    assert shrinks([]).status == "skip"


def test_a_lost_reason_is_found(recorded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that does not fail for the same reason is a fault of ours, and is found."""
    trace = recorded("bad", SLEEP, {"type": "fail", "message": "no"}, code=1)
    monkeypatch.setattr(module, "_fails_alike", lambda *_: False)
    assert [each.code for each in shrinks([trace]).found] == ["full.shrink_lost"]
