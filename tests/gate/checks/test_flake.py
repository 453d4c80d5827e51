"""Flake: a scenario that ends differently now and then is found, unless the budget allows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.config import load_config
from fozzy.engine.code import NO_CODE
from fozzy.gate.checked import Checked
from fozzy.gate.checks.flake import Budget, flake

# Passes, fails, passes, fails: the file is there every second time.
TOGGLE = {
    "type": "proc_spawn",
    "cmd": "sh",
    "args": ["-c", "if [ -e flag ]; then rm flag; exit 1; else touch flag; fi"],
    "expect_exit": 0,
}
HOST = {"proc": "host"}


def look(trace: Path, runs: int, percent: int = 0) -> Checked:
    """The check on a trace without user code."""
    return flake(trace, Budget(runs, percent), load_config(None), NO_CODE)


@pytest.mark.parametrize(
    ("runs", "percent", "status"), [(2, 0, "fail"), (2, 49, "fail"), (2, 50, "pass"), (1, 0, "fail")]
)
def test_a_flaky_pair_of_runs(recorded: Any, runs: int, percent: int, status: str) -> None:
    """Of two runs one fails: that is fifty in a hundred."""
    trace = recorded("toggle", TOGGLE, backends=HOST)
    checked = look(trace, runs, percent)
    assert checked.status == status
    assert [each.code for each in checked.found] == ["ci.flaky"] * (status == "fail")


def test_a_steady_scenario(recorded: Any) -> None:
    """What ends as it was recorded, pass or fail, is not flaky."""
    assert look(recorded("calm"), 5).status == "pass"
    assert look(recorded("bad", {"type": "fail", "message": "no"}, code=1), 5).status == "pass"


def test_a_scenario_that_lost_its_secrets(recorded: Any, sound: Any) -> None:
    """The file is taken while it is what was recorded; changed, there is nothing to run, and that is said."""
    step = {"type": "set_kv", "key": "password", "value": "hunter2hunter2"}
    trace = recorded("secret", step)
    assert look(trace, 2).status == "pass"
    sound("secret", step, step)
    assert look(trace, 2).status == "skip"
