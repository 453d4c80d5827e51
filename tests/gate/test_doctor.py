"""The doctor: a sound project has no problem, and what is wrong is found with how to mend it."""

from __future__ import annotations

import os
from pathlib import Path

from fozzy.config import load_config
from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.gate.checked import Checked
from fozzy.gate.doctor import Visit, doctor

CALM = '{"version": 1, "name": "calm", "steps": [{"type": "sleep", "duration": "5ms"}]}'


def visit(*, deep: bool = False, runs: int = 2) -> dict[str, Checked]:
    """The doctor's checks here, by name."""
    config = load_config(None)
    found = discover(["scenarios"], config.root) if Path("scenarios").exists() else None
    checks = list(doctor(Visit(config, found, Options(settings=config.settings), 7, deep, runs)))
    assert len({check.name for check in checks}) == len(checks)
    return {check.name: check for check in checks}


def write(name: str, text: str = CALM) -> None:
    """A scenario in its folder."""
    Path("scenarios").mkdir(exist_ok=True)
    Path("scenarios", name).write_text(text)


def test_a_sound_project_has_no_problem(project: Path) -> None:
    """Nothing is found, and what did not run says why."""
    write("calm.fozzy.json")
    checks = visit(deep=True)
    assert {check.status for check in checks.values()} <= {"pass", "info"}
    assert checks["determinism"].ran.startswith("1 scenario x 2 runs, seed 7")
    assert visit()["determinism"].status == "skip"


def test_a_project_without_scenarios_is_none_the_worse(project: Path) -> None:
    """What has nothing to look at is skipped with a reason."""
    checks = visit(deep=True)
    assert {name for name, check in checks.items() if check.status == "skip"} == {
        "scenarios",
        "undeclared",
        "determinism",
    }
    assert all(check.left_out for check in checks.values() if check.status == "skip")


def test_problems_of_scenarios_are_found(project: Path) -> None:
    """An invalid file is a failure; the others are still looked at."""
    write("calm.fozzy.json")
    write("bad.fozzy.json", "{")
    checks = visit(deep=True)
    assert checks["scenarios"].status == "fail"
    assert checks["determinism"].status == "pass"


def test_user_code_needs_permission(project: Path) -> None:
    """A scenario that calls is not run without permission, and that is a problem with its place."""
    write("call.fozzy.json", CALM.replace('"sleep", "duration": "5ms"', '"call", "function": "a:b"'))
    assert [each.code for each in visit(deep=True)["determinism"].found] == ["code.not_allowed"]


def test_a_killed_run_is_a_warning(project: Path) -> None:
    """What a killed run left is named with how to recover or remove it; what is being written is left alone."""
    folder = Path(".fozzy/runs/0123abcd")
    folder.mkdir(parents=True)
    for name in ("trace.fozzy.0123abcd.partial", "summary.json.partial"):
        (folder / name).write_text("x")
    assert visit()["leftovers"].status == "pass"
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    leftovers = visit()["leftovers"]
    assert leftovers.status == "warn"
    assert ["recover" in each.hint for each in leftovers.found] == [False, True]
