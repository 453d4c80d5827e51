"""Surroundings: advice is information, never an issue."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.config import load_config
from fozzy.gate.checks import surroundings


def test_this_python_is_supported() -> None:
    """The Python that runs the tests is one that fozzy supports; an older one is a problem."""
    assert surroundings.python().status == "pass"


def test_an_old_python_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is older than the oldest fails, with what to install."""
    monkeypatch.setattr(surroundings, "OLDEST", (9, 9))
    assert [each.code for each in surroundings.python().found] == ["doctor.old_python"]


def test_what_is_missing_is_information(monkeypatch: pytest.MonkeyPatch) -> None:
    """No git, no optional part: told with what to do, and no issue."""
    monkeypatch.setattr(surroundings.shutil, "which", lambda _: None)
    monkeypatch.setattr(surroundings, "is_there", lambda part: part.name == "xdist")
    checks = [surroundings.git(), surroundings.optional(), surroundings.hash_seed(), surroundings.terminal()]
    assert {check.status for check in checks} == {"info"}
    assert all(problem.hint for check in checks for problem in check.found)
    assert checks[0].found and checks[1].ran.startswith("xdist; ")
    assert len(checks[1].found) == len(surroundings.PARTS) - 1


def test_the_configuration_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where settings come from is told: the file, the environment, or neither."""
    assert surroundings.configuration(load_config(None)).ran == "no file, defaults"
    Path("fozzy.toml").write_text("det = true\n")
    monkeypatch.setenv("FOZZY_REPORTER", "tap")
    said = surroundings.configuration(load_config(None)).ran
    assert said == "fozzy.toml (1 key, known); from the environment: FOZZY_REPORTER"
