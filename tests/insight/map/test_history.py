"""What git knows of files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from fozzy.insight.map.history import YEAR_S, history

Git = Callable[..., str]
NOW = 1_700_000_000


def commit(root: Path, git: Git, name: str, when: int) -> None:
    """Change a file and commit it."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{when}\n")
    git("add", ".")
    git("commit", "-qm", "x", when=when)


def test_commits_of_the_last_year_count(project: Path, git: Git) -> None:
    """The year ends with the newest commit; older ones say when a file changed and count for nothing."""
    git("init", "-q")
    for when in (NOW - YEAR_S - 10, NOW - 20, NOW):
        commit(project, git, "a b\n.py", when)
    commit(project, git, "old.py", NOW - YEAR_S - 5)
    found = history(project)
    assert found.commits("a b\n.py") == 2 and found.commits("old.py") == 0 and found.commits("none.py") == 0
    assert found.committed_s["old.py"] == NOW - YEAR_S - 5


def test_a_clean_file_changed_when_it_was_committed(project: Path, git: Git) -> None:
    """A checkout gives files new times, which say nothing; an edited file's own time counts."""
    git("init", "-q")
    commit(project, git, "a.py", NOW)
    commit(project, git, "b.py", NOW)
    (project / "b.py").write_text("edited")
    os.utime(project / "b.py", (NOW + 50, NOW + 50))
    found = history(project)
    assert found.changed_s("a.py") == NOW and found.changed_s("b.py") == NOW + 50
    assert found.changed_s("none.py") == float("inf")


def test_paths_are_those_below_the_root(project: Path, git: Git) -> None:
    """A part of a repository has its own names, for commits and for edits."""
    git("init", "-q")
    commit(project, git, "lib/a.py", NOW)
    commit(project, git, "lib/b.py", NOW)
    (project / "lib/b.py").write_text("edited")
    found = history(project / "lib")
    assert found.commits("a.py") == 1 and found.edited == {"b.py"}


def test_without_history(project: Path) -> None:
    """Outside of git churn is no signal, which is said, and a file's own time counts."""
    (project / "a.py").write_text("x")
    os.utime(project / "a.py", (NOW, NOW))
    found = history(project)
    assert found.commits("a.py") == 0 and found.changed_s("a.py") == NOW and "no history" in found.notes[0]


def test_a_repository_without_a_commit(project: Path, git: Git) -> None:
    """There is nothing to count yet."""
    git("init", "-q")
    assert "no history" in history(project).notes[0]
