"""`gate` makes its checks on what it was pointed at, and on nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.config import load_config
from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.errors import Exit, FozzyError
from fozzy.gate.checked import Checked, exit_of_checks
from fozzy.gate.gate import Passage, gate, select

FAIL = {"type": "fail", "message": "no"}


def passed(*scope: str) -> dict[str, Checked]:
    """The checks on a scope, by name."""
    config = load_config(None)
    selected = select(discover(["scenarios"], config.root), scope, config.root)
    options = Options(settings=config.settings)
    return {check.name: check for check in gate(Passage(selected, config, options, 7, 2))}


def test_a_sound_scope_passes(sound: Any) -> None:
    """Only what is in scope is looked at: what fails elsewhere is not."""
    sound("orders/new")
    sound("users/new", FAIL)
    checks = passed("orders")
    assert {check.status for check in checks.values()} == {"pass", "skip"}
    assert checks["test"].ran.startswith("1 scenario ")
    assert checks["traces"].left_out == ["no trace is kept here"]


def test_what_fails_is_named(sound: Any) -> None:
    """A failing test is a failure with the command that repeats it; several words are several scopes."""
    sound("orders/new")
    sound("users/new", FAIL)
    [problem] = passed("orders", "users")["test"].found
    assert problem.code == "gate.test_failed"
    assert problem.hint.startswith("fozzy run scenarios/users/new.fozzy.json --det --seed ")


def test_invalid_files_in_scope(sound: Any) -> None:
    """An invalid file in scope is unusable input; one outside is nobody's business here."""
    sound("orders/new")
    Path("scenarios/orders/bad.fozzy.json").write_text("{")
    checks = passed("orders")
    assert exit_of_checks(list(checks.values()), strict=True) == Exit.USAGE
    assert checks["test"].status == "pass"
    assert passed("new")["scenarios"].status == "pass"


def test_kept_traces_are_verified_and_run(recorded: Any, project: Path) -> None:
    """A kept trace that is still failing fails the tests; one that was touched fails as evidence."""
    trace = recorded("orders", FAIL, code=1)
    kept = trace.rename("scenarios/orders.fozzy")
    checks = passed("orders")
    assert (checks["traces"].status, checks["test"].status) == ("pass", "fail")
    kept.write_bytes(kept.read_bytes().replace(b'"message":"no"', b'"message":"on"'))
    assert exit_of_checks(list(passed("orders").values()), strict=True) == Exit.EVIDENCE


def test_a_scope_that_matches_nothing(sound: Any) -> None:
    """Nothing to check is no pass."""
    sound("orders")
    with pytest.raises(FozzyError) as raised:
        passed("nowhere")
    assert (raised.value.code, raised.value.exit_status) == ("gate.nothing", Exit.NOTHING)


def test_no_run_is_made(sound: Any) -> None:
    """The gate leaves no run in the store."""
    sound("orders", FAIL)
    passed("orders")
    assert not Path(".fozzy").exists()
