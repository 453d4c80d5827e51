"""What tests of maps share: trees of files, maps of them, and what a file's units are."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.insight.map.doubts import Doubts
from fozzy.insight.map.model import Hotspot
from fozzy.insight.map.reading import Tree, read_tree
from fozzy.insight.map.topology import Scope, Topology, topology

WriteTree = Callable[[dict[str, str | bytes]], Path]
MapTree = Callable[..., Topology]


@pytest.fixture
def tree(project: Path) -> WriteTree:
    """Writes files into the working directory: `tree({"shop/orders.py": "…"})`."""

    def write(files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return project

    return write


@pytest.fixture
def mapped(project: Path) -> MapTree:
    """A map of the working directory: `mapped("overkill", root=Path("lib"))`."""

    def make(profile: Any = "overkill", min_risk: int | None = None, **more: Path) -> Topology:
        here = Path()
        scope = Scope(root=here, scenario_root=Path("scenarios"), project=here, base_dir=Path(".fozzy"))
        return topology(scope._replace(**more), profile, min_risk)

    return make


@pytest.fixture
def read(tree: WriteTree) -> Callable[..., tuple[Tree, Doubts]]:
    """Files written and read into units, with what is in doubt."""

    def make(files: dict[str, str | bytes]) -> tuple[Tree, Doubts]:
        doubts = Doubts()
        return read_tree(tree(files), doubts), doubts

    return make


@pytest.fixture
def git(project: Path) -> Callable[..., str]:
    """Calls git in the working directory: `git("commit", "-qm", "x", when=1_700_000_000)`."""

    def call(*words: str, when: int = 1_700_000_000) -> str:
        made = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        env = {"GIT_COMMITTER_DATE": f"{when} +0000", "GIT_AUTHOR_DATE": f"{when} +0000", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(["git", *made, *words], cwd=project, env=env, capture_output=True, check=True)
        return done.stdout.decode()

    return call


@pytest.fixture
def spot() -> Callable[[Topology, str], Hotspot]:
    """The hotspot of a name."""

    def find(found: Topology, name: str) -> Hotspot:
        (one,) = [each for each in found.hotspots if each.name == name]
        return one

    return find
