"""A project of somebody who uses the plugin: files in a folder, and pytest over them in a process of its own.

ran = project.run("test_it.py", "--chaos-seed=3"); ran.passed, ran.failed, ran.said
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
LIMIT_S = 120
CONFTEST = """
import os
from importlib.metadata import entry_points

OURS = "fozzy.pytest_plugin.plugin"
is_loaded = any(each.value == OURS for each in entry_points(group="pytest11"))
pytest_plugins = () if is_loaded and not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") else (OURS,)
"""
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # what else is installed here takes most of the time of a short run


class Ran(NamedTuple):
    """A run of pytest: its exit status, and what it said."""

    code: int
    said: str

    def count(self, word: str) -> int:
        """How many tests `passed`, `failed`, had `error`s."""
        found = re.findall(rf"(\d+) {word}s?\b", self.said.splitlines()[-1])
        return int(found[0]) if found else 0

    @property
    def passed(self) -> int:
        """Tests that passed."""
        return self.count("passed")

    @property
    def failed(self) -> int:
        """Tests whose body failed."""
        return self.count("failed")

    @property
    def errors(self) -> int:
        """Fixtures that failed, at the beginning or the end of a test."""
        return self.count("error")


class Project:
    """A folder with tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("conftest.py", CONFTEST)

    def write(self, name: str, text: str) -> Path:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def run(self, *words: str, plugins: Sequence[str] = (), **variables: str) -> Ran:
        """pytest with these words and plugins, ours, and anyio's where a file speaks of it; no others."""
        environment = {**os.environ, **ALONE, "PYTHONPATH": str(ROOT), **variables}
        loaded = [*plugins, *self._needed(words)] if environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] else []
        for name in ("PYTEST_ADDOPTS", "CI", "BUILD_NUMBER"):  # with these pytest says more
            environment.pop(name, None)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                *words,
                *(each for name in loaded for each in ("-p", name)),
            ],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return Ran(done.returncode, done.stdout)

    def _needed(self, words: Sequence[str]) -> Iterator[str]:
        if any(word.startswith("-n") for word in words):
            yield "xdist.plugin"
        if any("anyio" in path.read_text(encoding="utf-8") for path in self.folder.rglob("test_*.py")):
            yield "anyio.pytest_plugin"
