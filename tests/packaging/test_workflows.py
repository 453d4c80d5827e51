"""The workflows of this repository: they name what exists, and the check of a release does what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.changelog import release
from fozzy.version import VERSION
from tests.packaging.built import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.yml")}
STEP = {"name", "id", "if", "uses", "with", "run", "env", "shell", "working-directory"}


def steps(workflow: Any) -> list[Any]:
    """Every step of every job."""
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_there_are_two() -> None:
    """One for every push, one for a release."""
    assert set(WORKFLOWS) == {"ci.yml", "release.yml"}


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_each_step_is_sound(name: str) -> None:
    """Known fields, an action at a version or our own, and no expression pasted into a script."""
    for step in steps(WORKFLOWS[name]):
        assert set(step) <= STEP and ("run" in step) != ("uses" in step)
        assert "uses" not in step or re.fullmatch(r"actions/[a-z-]+@v\d+|\./", step["uses"])
        assert "${{" not in step.get("run", "")


def test_the_jobs_name_what_exists() -> None:
    """Scripts, targets of the Makefile, inputs of the action and scenarios."""
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    for step in steps(WORKFLOWS["ci.yml"]):
        for target in re.findall(r"\bmake (\w+)", step.get("run", "")):
            assert f"\n{target}:" in made
        for script in re.findall(r"\bbash (\S+)", step.get("run", "")):
            assert (ROOT / script).is_file()
        if step.get("uses") == "./":
            assert set(step["with"]) <= set(inputs)
            assert all((ROOT / word).is_dir() for word in step["with"]["args"].split())


def test_every_supported_python_is_tested() -> None:
    """Those that pyproject.toml names."""
    named = re.findall(r'Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert WORKFLOWS["ci.yml"]["jobs"]["test"]["strategy"]["matrix"]["python"] == named


def test_a_tag_that_is_no_release_is_refused(tmp_path: Path) -> None:
    """It must be the version, released in docs/changes, and CHANGELOG.md written anew."""
    (check,) = [step["run"] for step in steps(WORKFLOWS["release.yml"]) if "is the version" in step.get("name", "")]
    for name in ("docs/changes", "docs/changelog.py", "fozzy/version.py", "CHANGELOG.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        ours = ROOT / name
        shutil.copytree(ours, tmp_path / name) if ours.is_dir() else shutil.copy(ours, tmp_path / name)

    def status(tag: str) -> int:
        words = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", check)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "GITHUB_REF_NAME": tag, "PATH": path}
        return subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, check=False).returncode

    assert status(f"v{VERSION}") != 0, "the fragments are not released"
    release(VERSION, "2026-01-31", tmp_path / "docs" / "changes")
    assert status(f"v{VERSION}") != 0, "CHANGELOG.md is the old one"
    subprocess.run([sys.executable, "docs/changelog.py"], cwd=tmp_path, check=True)
    assert status(f"v{VERSION}") == 0
    assert status("v99.0.0") != 0
