"""What changed: asked of a real repository, against the default branch and in the working tree."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.engine.discover import discover
from fozzy.errors import Exit, FozzyError
from fozzy.gate.changes import affected, changes

Git = Callable[..., str]


@pytest.fixture
def git(project: Path) -> Git:
    """A repository here: `git("commit", …)`."""

    def call(*words: str) -> str:
        given = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main"]
        return subprocess.run(["git", *given, *words], check=True, capture_output=True, text=True).stdout

    call("init")
    return call


def names(project: Path) -> list[str]:
    """What is affected, by the names of the scenarios."""
    found = discover(["scenarios"], project)
    return [Path(each.name).name.partition(".")[0] for each in affected(found.chosen, changes(project), project)]


def commit(git: Git) -> None:
    """Everything that is there."""
    git("add", "-A")
    git("commit", "-m", "m")


def test_outside_git_nothing_is_known(project: Path) -> None:
    """Without a repository it is a mistake to ask."""
    with pytest.raises(FozzyError) as raised:
        changes(project)
    assert (raised.value.code, raised.value.exit_status) == ("gate.no_git", Exit.USAGE)


def test_the_working_tree_and_the_branch(project: Path, sound: Any, git: Git) -> None:
    """Before the first commit all is new; then what is edited, what is untracked, and what the branch committed."""
    for name in ("a", "b", "c"):
        sound(name)
    assert names(project) == ["a", "b", "c"]
    commit(git)
    assert names(project) == []
    sound("a", {"type": "sleep", "duration": "6ms"})
    sound("d")
    assert names(project) == ["a", "d"]
    git("checkout", "-b", "work")
    commit(git)
    assert names(project) == ["a", "d"], "against where the branch left main"
    git("checkout", "main")
    sound("b", {"type": "sleep", "duration": "6ms"})
    commit(git)
    git("checkout", "work")
    assert names(project) == ["a", "d"], "what main did since is not this branch's"


def test_what_a_scenario_touches(project: Path, sound: Any, git: Git) -> None:
    """An included file, a file it names, user code for what calls it, and the configuration for all."""
    sound("part")
    sound("whole", {"type": "include", "file": "part.fozzy.json"})
    sound("program", {"type": "proc_spawn", "cmd": "python3", "args": ["tool.sh"]}, backends={"proc": "host"})
    sound("code", {"type": "call", "function": "shop:price"})
    for name in ("tool.sh", "shop.py", "notes.txt"):
        Path(name).write_text("")
    commit(git)
    for file, wanted in {
        "notes.txt": [],
        "tool.sh": ["program"],
        "shop.py": ["code"],
        "scenarios/part.fozzy.json": ["part", "whole"],
        "fozzy.toml": ["code", "part", "program", "whole"],
    }.items():
        before = Path(file).read_text()
        Path(file).write_text(before + "\n")
        assert names(project) == wanted, file
        Path(file).write_text(before)


def test_a_project_inside_a_repository(project: Path, sound: Any, git: Git) -> None:
    """Names are relative to the project's folder, wherever the repository begins; what lies outside is not its own."""
    inner = project / "inner"
    inner.mkdir()
    sound("a")
    Path("scenarios").rename("inner/scenarios")
    commit(git)
    (inner / "scenarios/a.fozzy.json").write_text((inner / "scenarios/a.fozzy.json").read_text() + "\n")
    Path("other.txt").write_text("")
    assert changes(inner).files == {"scenarios/a.fozzy.json"}
