"""What changed: asked of git, against where this branch left the default one, and in the working tree.

Rule 1: a scenario is affected when its file or one that it includes changed, when its text names a changed file, and, if
it calls user code, when any Python file changed: imports are not followed.
Rule 2: a changed configuration affects every scenario.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fozzy.config import FILE_NAMES
from fozzy.dsl.document import Loaded
from fozzy.engine.code import calls_of
from fozzy.engine.discover import Chosen
from fozzy.errors import UsageError

GIT_S_MAX = 60
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # what git calls a tree without files, in every repository
DEFAULT_BRANCHES = ("main", "master", "trunk")


class Changes(NamedTuple):
    """The files that changed, relative to the project's folder with `/`, and since which commit."""

    since: str
    files: frozenset[str]


def changes(root: Path) -> Changes:
    """What changed. *Errors*: `UsageError` outside git. *Limits*: each question to git has `GIT_S_MAX`."""
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None:
        raise UsageError(
            "gate.no_git",
            "what changed is not known: this is no git repository, or git is not installed",
            hint="name what to check: --scope WORD",
        )
    base = _base(root)
    changed = _git(root, "diff", "--name-only", "-z", base, "--") or ""
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "--full-name", "-z") or ""
    names = [name for name in (changed + untracked).split("\0") if name]
    here, above = root.resolve(), Path(top.strip())
    paths = (above / name for name in names)
    inside = (path.relative_to(here).as_posix() for path in paths if path.is_relative_to(here))
    return Changes(base[:12], frozenset(inside))


def affected(chosen: Sequence[Chosen], changed: Changes, root: Path) -> list[Chosen]:
    """The scenarios and kept traces that a change may affect, in order."""
    if {*FILE_NAMES, "pyproject.toml"} & changed.files:
        return list(chosen)
    python = any(name.endswith(".py") for name in changed.files)
    return [each for each in chosen if _is_affected(each, changed, python)]


def _is_affected(chosen: Chosen, changed: Changes, python: bool) -> bool:
    if chosen.name in changed.files:
        return True
    loaded = chosen.loaded
    if loaded is None:
        return False
    if python and any(True for _ in calls_of(loaded)):
        return True
    return any(
        document.name in changed.files or any(_names(document.text, name) for name in changed.files)
        for document in (each.document for each in _parts(loaded))
    )


def _parts(loaded: Loaded) -> Iterator[Loaded]:
    yield loaded
    for included in loaded.included.values():
        yield from _parts(included)


def _names(text: str, file: str) -> bool:
    """Whether a scenario's text names a file, by its path or by its own name."""
    return file in text or file.rpartition("/")[2] in text


def _base(root: Path) -> str:
    """The commit where this branch left the default one; without any commit, the tree without files."""
    if _git(root, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        return EMPTY_TREE
    remote = _git(root, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    for branch in [*([remote.strip()] if remote else []), *DEFAULT_BRANCHES]:
        base = _git(root, "merge-base", "HEAD", branch)
        if base is not None:
            return base.strip()
    return "HEAD"


def _git(root: Path, *words: str) -> str | None:
    """What git answers, none when it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=GIT_S_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None
