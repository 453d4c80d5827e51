"""The wheel in a fresh environment, a new project with the test file of the README, and nothing else: what pytest says when
it fails is enough to replay it and to find the fault that it takes."""

from __future__ import annotations

import email
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.following import ROOT, File, parts
from tests.packaging.built import build, copied

REQUIRED = bool(os.environ.get("FOZZY_REQUIRE_ALL"))
LIMIT_S = 400
NAME = "test_orders.py"


class Environment(NamedTuple):
    """A Python that has fozzy from its wheel."""

    python: Path
    wheel: Path

    def run(self, folder: Path, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """A command of it, as somebody would type it there."""
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            words,
            cwd=folder,
            env={**surroundings(), "PATH": path},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )


def surroundings() -> dict[str, str]:
    """Those of somebody who never saw this tree: with its path pip would take what lies here for what is installed."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON", "FOZZY"))}


def done(*words: str | Path) -> None:
    """Run what has to work; without a network it may not, which only continuous integration minds."""
    ran = subprocess.run(
        list(map(str, words)), env=surroundings(), capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if ran.returncode and not REQUIRED:
        pytest.skip(f"pip could not do its work, there may be no network: {ran.stderr[-300:]}")
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Built from a copy of this tree, so that nothing is left in it, and installed with what the README installs."""
    folder = tmp_path_factory.mktemp("fresh")
    wheel = build("wheel", copied(folder / "source"), folder / "dist")
    quiet = ("--quiet", "--disable-pip-version-check")
    done(sys.executable, "-m", "venv", "--without-pip", folder / "venv")  # ours installs there, which is quicker
    python = folder / "venv" / "bin" / "python"
    done(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-compile", *quiet, f"{wheel}[pytest]", "redis"
    )
    return Environment(python, wheel)


@pytest.mark.skipif(
    shutil.which("redis-server") is None and not REQUIRED, reason="the README's test needs redis-server"
)
def test_the_failure_alone_is_enough(fresh: Environment, tmp_path: Path) -> None:
    """pytest fails as the README shows; the two commands of its output replay the failure and find the one fault it takes."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (file,) = [part for part in parts(readme) if isinstance(part, File) and part.name == NAME]
    (tmp_path / NAME).write_text(file.text, encoding="utf-8")
    first = fresh.run(tmp_path, ["pytest"])
    assert first.returncode == 1, first.stdout + first.stderr
    said = re.findall(r"(INCRBY orders may be carried out twice: .*)$", first.stdout, re.M)
    replay, shrink = (re.findall(rf"^{word} it: (pytest .*)$", first.stdout, re.M) for word in ("replay", "shrink"))
    again = fresh.run(tmp_path, shlex.split(replay[0]))
    assert again.returncode == 1 and "SAME: AssertionError" in again.stdout, again.stdout
    assert said[0] in again.stdout, "the times are not the same"
    smaller = fresh.run(tmp_path, shlex.split(shrink[0]))
    assert "2 faults made 1" in smaller.stdout and "redis/drop_reply" in smaller.stdout, smaller.stdout


def test_the_plugin_comes_with_the_wheel(fresh: Environment, tmp_path: Path) -> None:
    """Its extra names what it needs, `fozzy chaos run` is there, and a project without tests of ours is as without us."""
    with zipfile.ZipFile(fresh.wheel) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith("/METADATA")]
        about = email.message_from_string(packed.read(name).decode())
    wanted = [each for each in about.get_all("Requires-Dist") or [] if 'extra == "pytest"' in each]
    assert sorted(re.split(r"[>=; ]", each)[0] for each in wanted) == ["pytest", "time-machine"]
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    pass\n", encoding="utf-8")
    plain = fresh.run(tmp_path, ["pytest", "-q"])
    assert plain.returncode == 0 and "1 passed" in plain.stdout
    ran = fresh.run(tmp_path, ["fozzy", "chaos", "run", "--quiet"])
    assert ran.returncode == 5, ran.stdout + ran.stderr
