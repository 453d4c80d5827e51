"""Checked: what a check came to decides how its command ends."""

from __future__ import annotations

import pytest

from fozzy.errors import EvidenceError, Exit, InterruptedRun, Problem
from fozzy.gate.checked import Step, exit_of_checks, guarded, judged, renamed, skipped, told

PROBLEM = Problem(code="doctor.leftover", message="m")


def test_a_check_passes_when_it_found_nothing() -> None:
    """Nothing found is a pass, something a failure or a warning; information is neither."""
    assert judged("a", "ran").status == "pass"
    assert judged("a", "ran", [PROBLEM]).status == "fail"
    assert judged("a", "ran", [PROBLEM], warns=True).status == "warn"
    assert told("a", "ran", [PROBLEM]).status == "info"
    assert skipped("a", "why").left_out == ["why"]


@pytest.mark.parametrize(("strict", "code"), [(True, Exit.FAIL), (False, Exit.PASS)])
def test_a_warning_fails_a_strict_command(strict: bool, code: Exit) -> None:
    """Warnings are failures unless --unsafe lets them pass; skipped and informing checks never fail."""
    checks = [judged("a", "ran", [PROBLEM], warns=True), skipped("b", "why"), told("c", "ran", [PROBLEM])]
    assert exit_of_checks(checks, strict=strict) == code


def test_the_worst_failure_decides() -> None:
    """Evidence that cannot be trusted outweighs a failure."""
    checks = [judged("a", "ran", [PROBLEM]), judged("b", "ran", [PROBLEM], exit_status=Exit.EVIDENCE)]
    assert exit_of_checks(checks, strict=True) == Exit.EVIDENCE
    assert exit_of_checks([renamed(checks[0], "c")], strict=True) == Exit.FAIL


def test_what_a_check_raises_is_what_it_found() -> None:
    """An error of ours becomes a finding with its exit status; a stop goes on."""

    def damaged() -> None:
        raise EvidenceError("trace.seal_broken", "m", hint="h")

    checked = guarded(Step("verify", damaged))  # type: ignore[arg-type]
    assert (checked.status, checked.exit_status) == ("fail", Exit.EVIDENCE)
    assert [each.code for each in checked.found] == ["trace.seal_broken"]

    def stopped() -> None:
        raise InterruptedRun("run.interrupted", "m")

    with pytest.raises(InterruptedRun):
        guarded(Step("verify", stopped))  # type: ignore[arg-type]
