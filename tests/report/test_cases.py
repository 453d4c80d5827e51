"""The cases reports are made of."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.core.summary import Divergence
from fozzy.report.cases import cases, commands, ending, is_suite, progress, unsaid


def test_a_suite_is_its_scenarios(made: Any) -> None:
    """The cases of a suite are its scenarios, none when nothing ran."""
    assert cases(made.suite()) == made.suite().scenarios
    assert is_suite(made.suite([])) and cases(made.suite([])) == []


def test_a_single_run_is_one_case(made: Any) -> None:
    """A run of one scenario is a case named by the place of its finding, with the run's own findings and trace."""
    summary = made.single()
    (case,) = cases(summary)
    assert not is_suite(summary)
    assert (case.name, case.path, case.passed) == ("pay", "scenarios/pay.fozzy.json", False)
    assert case.findings == summary.findings and case.trace_path == summary.identity.trace_path


def test_a_run_without_any_name_is_named_by_its_id(made: Any) -> None:
    """A run that found nothing and kept no trace still has a name."""
    summary = made.single("pass")
    bare = msgspec.structs.replace(summary, identity=msgspec.structs.replace(summary.identity, trace_path=None))
    assert cases(bare)[0].name == "run 7f3c0a11"


def test_an_unexpected_pass_is_a_failure(made: Any) -> None:
    """What passed although its scenario says otherwise did not pass."""
    assert ending(made.member(1, "pass", passed=False)) == "fail"
    assert ending(made.member(1, "timeout", passed=True)) == "pass"
    assert ending(made.member(1, "timeout")) == "timeout"


def test_commands_fit_what_there_is(made: Any) -> None:
    """A kept trace is replayed and never run, one that cannot be read is verified, odd names are quoted."""
    member = made.member(2, "fail")
    run = f"fozzy run 'scenarios/area/fail 2.fozzy.json' --seed {member.seed}"
    assert commands(member) == ["fozzy replay .fozzy/runs/7f3c0a11/2.fozzy", run]
    assert commands(made.member(2, "error", trace_path=None)) == [
        f"fozzy run 'scenarios/area/error 2.fozzy.json' --seed {member.seed}"
    ]
    assert commands(made.member(2, "fail", path="a.fozzy", trace_path="a.fozzy")) == ["fozzy replay a.fozzy"]
    assert commands(made.member(2, "error", path="a.fozzy", trace_path=None)) == ["fozzy trace verify a.fozzy"]


def test_progress_in_words(made: Any) -> None:
    """How far a case came is said by its verdict, its expectation or its steps."""
    drift = Divergence(verdict="DRIFT")
    assert progress(made.member(1, "fail", replay=drift)) == "DRIFT"
    assert progress(made.member(1, "fail", passed=True, expected="fail")) == "fail as expected"
    assert progress(made.member(1, "fail")) == "step 9 of 14"
    assert [progress(made.member(1, "pass", steps=number)) for number in (1, 1200)] == ["1 step", "1,200 steps"]
    assert unsaid(made.member(1, "error", replay=drift)) == "the replay came to DRIFT"
    assert unsaid(made.member(1, "error")) == "it could not run"
