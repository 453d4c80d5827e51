"""The scenarios of the project are examples that are also tests: complete, valid, passing, replayable."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import fozzy
from fozzy.core.forms import ENDINGS
from fozzy.dsl.cluster.file import DistributedFile
from fozzy.dsl.matrix import cases_of, label_of
from fozzy.dsl.scenario import StepsFile, SuiteFile
from fozzy.dsl.steps import step_types
from fozzy.dsl.steps.base import Step, bodies_of

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "scenarios"
NAMES = sorted(path.relative_to(ROOT).as_posix() for path in FOLDER.rglob("*") if path.name.endswith(tuple(ENDINGS)))
SECONDS_MAX = 120

Fz = Callable[..., Any]


def file_of(name: str) -> StepsFile | DistributedFile | SuiteFile:
    """A scenario of the project. It is loaded here for the first time, so a test that asks fails when it is invalid."""
    return fozzy.load(ROOT / name).file


def runnable() -> list[str]:
    """Every scenario that is no suite; told by the text, so that collecting the tests needs no valid scenario."""
    return [name for name in NAMES if not name.startswith("scenarios/suites/")]


def cases() -> list[tuple[str, str]]:
    """Everything that runs: the scenarios, those with a matrix once for each combination."""
    return [(name, label_of(case)) for name in runnable() for case in cases_of(file_of(name))]


def types_in(steps: Sequence[Step]) -> Iterator[str]:
    """The types of these steps and of all steps inside them."""
    for step in steps:
        yield str(step.__struct_config__.tag)
        for body in bodies_of(step).values():
            yield from types_in(body)


def test_every_step_type_has_a_passing_example() -> None:
    """Each step type stands in at least one scenario that passes."""
    shown: set[str] = set()
    for name in runnable():
        file = file_of(name)
        if ".pass." in name and isinstance(file, StepsFile):
            shown.update(types_in([*(file.setup or []), *file.steps, *(file.teardown or [])]))
    assert [kind for kind in step_types() if kind not in shown] == []


def test_a_third_is_toml() -> None:
    """Both notations are shown: between a quarter and a half of the scenarios are TOML."""
    share = sum(name.endswith(".toml") for name in NAMES) / len(NAMES)
    assert 0.25 < share < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_valid_and_says_what_it_shows(name: str) -> None:
    """A scenario loads, has a description of one or two lines, and its file name says how it ends."""
    file = file_of(name)
    assert 10 <= len(file.description) <= 160
    assert (".pass." in name) != (".fail." in name)
    assert len(Path(name).parent.parts) == (3 if "/parts/" in name else 2), "scenarios/<area>/<name>, or <area>/parts"


def test_the_scenarios_are_formatted(fz: Fz) -> None:
    """Every scenario stands as `fozzy fmt` writes it, those that include others among them."""
    shutil.copytree(FOLDER, "scenarios")
    checked = fz("fmt", "--check", "scenarios")
    assert checked.code == 0, checked.said


@pytest.mark.parametrize("name", runnable())
def test_an_example_ends_as_its_name_says(name: str) -> None:
    """A failing example says under expect how it ends; a passing one has no expect."""
    file = file_of(name)
    assert not isinstance(file, SuiteFile)
    assert (file.expect is not None) == (".fail." in name)


@pytest.mark.parametrize("name", runnable())
def test_what_touches_the_host_is_tagged(name: str) -> None:
    """A scenario has the tag host exactly when it declares a host backend, so that --not-tag host stays virtual."""
    file = file_of(name)
    assert not isinstance(file, SuiteFile)
    backends = (file.backends.proc, file.backends.fs, file.backends.http) if isinstance(file, StepsFile) else ()
    assert ("host" in file.tags) == ("host" in backends)


def test_the_whole_folder_passes_and_leaves_nothing_behind(tmp_path: Path, fz_env: dict[str, str]) -> None:
    """One `fozzy test --det --strict` in two workers passes, and the project's folder is as it was before."""
    shutil.copy(ROOT / "fozzy.toml", tmp_path)
    shutil.copytree(FOLDER, tmp_path / "scenarios", ignore=shutil.ignore_patterns("__pycache__"))
    before = _contents(tmp_path)
    words = ["test", "--det", "--strict", "--json", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "fozzy", *words],
        cwd=tmp_path,
        env=fz_env,
        capture_output=True,
        timeout=SECONDS_MAX,
    )
    summary = json.loads(done.stdout)
    failed = [member["path"] for member in summary.get("scenarios", []) if not member.get("passed", True)]
    assert (done.returncode, failed) == (0, []), done.stderr.decode()
    assert sorted((member["path"], member.get("case", "")) for member in summary["scenarios"]) == sorted(cases())
    assert _contents(tmp_path) == before


def _contents(folder: Path) -> dict[str, bytes | None]:
    """Every file with its bytes and every folder, without the store."""
    found = sorted(path for path in folder.rglob("*") if ".fozzy" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in found}


@pytest.mark.parametrize("name", [name for name in runnable() if not name.startswith("scenarios/matrix/")])
def test_a_recorded_run_replays_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run with the declared backends leaves a trace that can be trusted and replays SAME with the same end."""
    monkeypatch.chdir(ROOT)
    calls = name.startswith(("scenarios/call/", "scenarios/distributed/"))
    ran = fozzy.run(name, seed=7, record=tmp_path / "t.fozzy", allow_code=calls)
    assert ran.trace is not None and fozzy.verify(ran.trace).trusted
    if not calls:  # a trace carries no code
        monkeypatch.chdir(tmp_path)  # where there is neither a scenario nor a program to run
    again = fozzy.replay(ran.trace, allow_code=calls)
    assert (again.verdict, again.status) == ("SAME", ran.status), again.replay
    assert [(found.title, found.message) for found in again.findings] == [
        (found.title, found.message) for found in ran.findings
    ]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("scenarios/matrix/")])
def test_every_combination_replays_the_same(name: str, fz: Fz) -> None:
    """Each combination of a matrix is recorded in a trace of its own, which replays SAME with the same end."""
    shutil.copytree(FOLDER / "matrix", "scenarios/matrix")
    labels = [label for path, label in cases() if path == name]
    members = fz("test", name, "--det", "--record", "t.fozzy", "--json").document()["scenarios"]
    assert [member["case"] for member in members] == labels and len(labels) > 1
    for member in members:
        again = fozzy.replay(member["tracePath"])
        assert (again.verdict, again.status) == ("SAME", member["status"]), again.replay


def test_what_has_a_matrix_lies_there() -> None:
    """The folder matrix holds the scenarios that have one, and no other folder does."""
    has_matrix = {name for name in runnable() if len(cases_of(file_of(name))) > 1}
    assert has_matrix == {name for name in runnable() if name.startswith("scenarios/matrix/")}


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("scenarios/suites/")])
def test_a_suite_names_files(name: str) -> None:
    """What lies in the folder of suites is a suite."""
    assert isinstance(file_of(name), SuiteFile)
