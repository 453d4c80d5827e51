"""A step of GitHub Actions: where annotations point, and its summary."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.report.markdown import SIZE_BYTES_MAX


@pytest.fixture
def step(shop: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A step that works in a folder of the repository; its summary's file, which the runner made empty."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
    file = project.parent / f"{project.name}_summary"
    file.touch()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    return file


def test_the_summary_of_a_suite(step: Path, shop: Any, fz: Callable[..., Any]) -> None:
    """Every suite adds to it, whatever goes to stdout; a run does where it failed."""
    fz("run", shop.passing)
    assert step.read_text() == ""
    assert fz("test", "-j1", shop.passing).code == 0
    assert step.read_text().startswith("## fozzy test: 1 passed\n")
    fz("test", "-j1", shop.failing, "--json")
    fz("run", shop.failing)
    assert [line for line in step.read_text().splitlines() if line.startswith("## ")] == [
        "## fozzy test: 1 passed",
        "## fozzy test: 0 passed, 1 failed",
        "## fozzy run: 0 passed, 1 failed",
    ]


def test_annotations_point_into_the_repository(
    step: Path, shop: Any, fz: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder we work in stands before each path; not where that is the repository itself, or elsewhere."""
    assert f"::error file={project.name}/{shop.failing},line=12," in fz("test", "-j1", shop.failing).out
    for workspace in (project, project / "elsewhere", ""):
        monkeypatch.setenv("GITHUB_WORKSPACE", str(workspace))
        assert f"::error file={shop.failing},line=12," in fz("test", "-j1", shop.failing).out


def test_what_cannot_run_is_annotated_too(step: Path, broken: str, fz: Callable[..., Any]) -> None:
    """A scenario that is wrong ends the command; each of its problems stands at its line, but not beside a document."""
    for ran in (fz("test", broken), fz("validate", broken)):
        assert ran.code == 2
        assert f"/{broken},line=4,col=3,title=scenario.duplicate_key::" in ran.said
    assert "::error" not in fz("test", broken, "--json").said


def test_a_summary_that_was_asked_for_is_there_once(step: Path, shop: Any, fz: Callable[..., Any]) -> None:
    """Who names the file as a report's gets it once."""
    fz("test", "-j1", shop.passing, "--reporter", f"markdown={step}")
    assert step.read_text().count("## fozzy") == 1


def test_a_summary_that_is_full_stays_within_its_limit(step: Path, shop: Any, fz: Callable[..., Any]) -> None:
    """What other commands of the step wrote is kept, and nothing is added that GitHub would not take."""
    step.write_text("x" * (SIZE_BYTES_MAX - 10))
    assert fz("test", "-j1", shop.failing).code == 1
    assert step.stat().st_size == SIZE_BYTES_MAX - 10


def test_a_summary_that_cannot_be_written_is_a_warning(
    step: Path, shop: Any, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not asked for, so its lack does not change the verdict."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", os.path.join(step, "nowhere"))
    ran = fz("test", "-j1", shop.passing)
    assert ran.code == 0 and "warning: the summary of the step could not be written" in ran.err


def test_elsewhere_nothing_is_told(
    step: Path, shop: Any, broken: str, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without GITHUB_ACTIONS the other variables mean nothing."""
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert "::error" not in fz("test", "-j1", shop.failing).said + fz("validate", broken).said
    assert step.read_text() == ""
