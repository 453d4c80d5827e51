"""`full` makes every check, skips with a reason, and fails when a required one was skipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fozzy.config import load_config
from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.gate.checked import Checked
from fozzy.gate.doctor import Visit
from fozzy.gate.full import STEPS, full


def made(*required: str, allow_code: bool = True) -> dict[str, Checked]:
    """The checks on this project, by name."""
    config = load_config(None)
    found = discover(["scenarios"], config.root) if Path("scenarios").exists() else None
    visit = Visit(config, found, Options(settings=config.settings, allow_code=allow_code), 7, True, 2)
    return {check.name: check for check in full(visit, required)}


def skips(checks: dict[str, Checked]) -> list[str]:
    """The names of what was skipped, each of which has a reason."""
    found = [check for check in checks.values() if check.status == "skip"]
    assert all(check.left_out and check.left_out[0] for check in found)
    return [check.name for check in found]


def test_a_project_with_everything(recorded: Any, sound: Any, fz: Any, project: Path) -> None:
    """Nothing is skipped where there is something for every check; the kept trace is of a mended failure."""
    sound("calm")
    sound("bad", {"type": "fail", "message": "no"}, expect={"status": "fail"})
    Path("shop.py").write_text("def price():\n    return 1\n")
    path = sound("price", {"type": "call", "function": "shop:price", "expect": 3})
    assert fz("run", path, "--allow-code", "--record", "scenarios/price.fozzy").code == 1
    Path("shop.py").write_text("def price():\n    return 3 + 0\n")
    steps = [
        name for name in STEPS if name not in ("topology", "drift", "commuting")
    ]  # asked for by a flag; of clusters
    checks = made(*steps)
    assert list(checks) == [name for name in checks if name in (*steps, "required")]
    assert set(steps) <= {*checks} | {"leftovers"}
    assert skips(checks) == []
    assert {name: check.found for name, check in checks.items() if check.status == "fail"} == {}


def test_an_empty_project_skips_what_needs_scenarios(project: Path) -> None:
    """What has nothing to look at is skipped, by name."""
    names = ["scenarios", "undeclared", "determinism", "traces", "test", "roundtrip", "shrink"]
    assert skips(made()) == names


def test_user_code_needs_permission(sound: Any) -> None:
    """Without permission what would run user code fails or is skipped, and says so."""
    sound("price", {"type": "call", "function": "shop:price"})
    checks = made(allow_code=False)
    assert skips(checks) == ["traces", "roundtrip", "shrink"]
    assert checks["test"].status == "fail"


def test_a_required_step_that_was_skipped(sound: Any) -> None:
    """Only what was skipped is named, with the reason it was skipped for."""
    sound("calm")
    checks = made("test", "traces")
    assert checks["required"].status == "fail"
    [problem] = checks["required"].found
    assert problem.code == "full.required_skipped"
    assert problem.message == "traces is required, and was skipped: no trace is kept here"
    assert made("test", "roundtrip")["required"].status == "pass"
