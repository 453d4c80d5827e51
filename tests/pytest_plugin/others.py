"""Other people's plugins of pytest, in folders of their own: a process of pytest that has the folder on its path has them.

They are installed once, in a folder beside other caches, and never into the environment that runs our own tests, where
they would change every run of ours. Without network the test is skipped, loudly, unless FOZZY_REQUIRE_ALL is 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.pytest_plugin.project import ROOT, Project, Ran

PLUGINS = {
    "pytest-asyncio": "pytest-asyncio==1.5.0",
    "pytest-trio": "pytest-trio==0.8.0",
    "pytest-randomly": "pytest-randomly==5.1.0",
}
MODULES = {
    "pytest-asyncio": "pytest_asyncio.plugin",
    "pytest-trio": "pytest_trio.plugin",
    "pytest-randomly": "pytest_randomly",
}
INSTALL_S = 120
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fozzy-tests"


def folder_of(name: str) -> Path:
    """Where a plugin is installed, by itself."""
    tag = f"{sys.version_info[0]}.{sys.version_info[1]}"
    folder = CACHE / f"{PLUGINS[name].replace('==', '-')}-py{tag}"
    if not folder.is_dir():
        _install(PLUGINS[name], folder)
    return folder


def run_with(project: Project, name: str, *words: str) -> Ran:
    """pytest with a plugin; others that the environment may have of these are not looked at."""
    return project.run(*words, plugins=[MODULES[name]], PYTHONPATH=f"{ROOT}{os.pathsep}{folder_of(name)}")


def _install(what: str, folder: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix="staged-", dir=CACHE))
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(staged), what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if done.returncode:
        shutil.rmtree(staged)
        said = f"{what} cannot be installed: {done.stderr.strip().splitlines()[-1:]}"
        if os.environ.get("FOZZY_REQUIRE_ALL") == "1":
            pytest.fail(said)
        pytest.skip(f"LEFT OUT: {said}")
    try:
        staged.rename(folder)
    except OSError:  # another worker was first
        shutil.rmtree(staged)
