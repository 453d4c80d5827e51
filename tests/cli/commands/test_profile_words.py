"""`fozzy profile diff|explain|doctor`: the answers, their exit codes, and commands that can be pasted."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

STEPS = [{"type": "sleep", "duration": "5ms"}, {"type": "trace_event", "name": "x"}]
SLOWER = [{"type": "sleep", "duration": "9ms"}, {"type": "trace_event", "name": "x"}]


@pytest.fixture
def recorded(fz: Any, scenario: Any) -> None:
    """Two runs: the second sleeps longer."""
    fz("run", scenario("a", STEPS), "--det", "--seed", "1", "--record", "a.fozzy")
    fz("run", scenario("b", SLOWER), "--det", "--seed", "1", "--record", "b.fozzy", "--profile")


def test_diff_fails_when_something_is_slower(fz: Any, recorded: None) -> None:
    """Slower is 1, faster and the same are 0; what was compared and by what is said."""
    said = fz("profile", "diff", "a.fozzy", "b.fozzy")
    assert said.code == 1 and "2 slower" in said.out and "5.00ms -> 9.00ms" in said.out and "+80%" in said.out
    assert "exact" in said.out and "before  a   run " in said.out and "after  b   run " in said.out
    assert fz("profile", "diff", "b.fozzy", "a.fozzy").code == 0
    same = fz("profile", "diff", "a.fozzy", "a.fozzy")
    assert same.code == 0 and "nothing changed by more than noise" in same.out
    assert "1 more" in fz("profile", "diff", "a.fozzy", "b.fozzy", "--limit", "1").out


def test_diff_of_several_runs(fz: Any, recorded: None) -> None:
    """A side may be several runs; their number is said."""
    document = json.loads(fz("profile", "diff", "b.fozzy,b.fozzy", "b.fozzy", "--json").out)
    assert len(document["before"]) == 2 and len(document["after"]) == 1 and document["status"] == "pass"
    assert any("2 against 1 runs" in said for said in document["how"])


def test_explain_is_a_paragraph(fz: Any, recorded: None) -> None:
    """The sentences are lines that fit a screen; without real time the command that measures it follows."""
    said = fz("profile", "explain", "a.fozzy").out
    assert "steps[0] sleep with 5.00ms" in said.replace("\n ", "") and "--det --profile" in said
    assert all(len(line) <= 78 for line in said.splitlines()[1:-1])
    assert "measures it" not in fz("profile", "explain", "b.fozzy").out


def test_doctor_mends_what_is_missing(fz: Any, recorded: None) -> None:
    """Its command makes a run that lacks it no more."""
    said = fz("profile", "doctor", "a.fozzy")
    assert said.code == 0 and "missing  real time" in said.out and "1 missing" in said.out
    (command,) = [line for line in said.out.splitlines() if line.startswith("    fozzy ")]
    assert fz(*shlex.split(command)[1:]).code == 0
    assert "nothing is missing" in fz("profile", "doctor", "latest").out
