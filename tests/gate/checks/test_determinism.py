"""Determinism: what differs when only the surroundings do is found, and its cause is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.config import load_config
from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.gate.checked import Checked
from fozzy.gate.checks.determinism import Audit, determinism

PLANTED = Path(__file__).parent.parent / "planted"
# Each planted scenario and what must be named as its cause.
CAUSES = {
    "call_clock": "clock",
    "call_random": "random",
    "call_entropy": "random",
    "call_address": "address",
    "call_hash_order": "hash_order",
    "call_file_order": "file_order",
    "call_threads": "threads",
    "call_process_id": "process_id",
    "call_environment": "environment",
    "call_folder": "folder",
    "proc_clock": "clock",
    "proc_random": "random",
    "proc_id": "process_id",
    "proc_environment": "environment",
    "proc_folder": "folder",
    "proc_listing": "folder_list",
    "proc_locale": "locale",
    "proc_zone": "zone",
}


@pytest.fixture
def audited(project: Path) -> Callable[..., Checked]:
    """Audits scenarios of a copy of the planted project."""
    shutil.copytree(PLANTED, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    def audit(*names: str, runs: int = 3) -> Checked:
        config = load_config(None)
        found = discover([f"scenarios/{name}.fozzy.json" for name in names], config.root)
        assert not found.problems
        options = Options(settings=config.settings)
        return determinism(Audit(found.chosen, options, config.root, config.base_dir(), 7, runs))

    return audit


def test_every_planted_kind_is_planted_here() -> None:
    """No planted scenario is left out of the table."""
    names = {path.name.removesuffix(".fozzy.json") for path in (PLANTED / "scenarios").iterdir()}
    assert names == {*CAUSES, "calm"}


@pytest.mark.parametrize("third", [0, 1, 2])
def test_planted_nondeterminism_is_found_and_named(third: int, audited: Callable[..., Checked]) -> None:
    """Each planted scenario is found, with both sides and the cause that was planted; the calm one is not."""
    names = sorted(CAUSES)[third::3]
    checked = audited(*names, "calm")
    assert checked.status == "fail"
    assert {each.scenario: [cause.kind for cause in each.causes] for each in checked.parted} == {
        name: [CAUSES[name]] for name in names
    }
    assert all(each.first != each.other and each.record == 0 for each in checked.parted)
    assert [each.code for each in checked.found] == ["doctor.not_deterministic"] * len(names)


def test_a_cause_in_user_code_has_its_line(audited: Callable[..., Checked]) -> None:
    """What the informant saw is named with the line that asked."""
    [parted] = audited("call_clock").parted
    lines = (PLANTED / "planted.py").read_text().splitlines()
    at = parted.causes[0].at
    assert at.startswith("planted.py:")
    assert "time.time()" in lines[int(at.rpartition(":")[2]) - 1]


def test_two_runs_suffice(audited: Callable[..., Checked]) -> None:
    """With two runs the second has everything around it different, and what was not tried is said."""
    checked = audited("proc_zone", "calm", runs=2)
    assert [each.scenario for each in checked.parted] == ["proc_zone"]
    assert any("--runs 3" in each for each in checked.left_out)


def test_a_live_scenario_says_so_with_a_tag(audited: Callable[..., Checked], project: Path) -> None:
    """What the tag `host` announces is told and is no issue."""
    path = project / "scenarios/proc_clock.fozzy.json"
    path.write_text(path.read_text().replace('"name"', '"tags": ["host"], "name"', 1))
    checked = audited("proc_clock", "calm")
    assert (checked.status, checked.parted) == ("pass", [])
    assert "of these differ: proc_clock" in checked.left_out


def test_what_the_project_declares_keeps_its_value(
    audited: Callable[..., Checked], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that a scenario declares is an input: it is not varied, and that is said."""
    monkeypatch.setenv("USER", "ada")
    path = project / "scenarios/proc_environment.fozzy.json"
    path.write_text(path.read_text().replace('"name"', '"env": ["USER"], "name"', 1))
    checked = audited("proc_environment")
    assert checked.status == "pass"
    assert any(each.startswith("USER: kept") for each in checked.left_out)


def test_nothing_of_an_audit_is_left(audited: Callable[..., Checked], project: Path, tmp_path_factory: Any) -> None:
    """An audit writes nothing into the project, not even a run."""
    before = sorted(path.relative_to(project) for path in project.rglob("*"))
    audited("calm", "proc_folder")
    assert sorted(path.relative_to(project) for path in project.rglob("*")) == before
