"""Finds the files of a tree, in sorted order: those git does not ignore, else those the rules below leave.

Without git, hidden folders, installed packages, virtual environments and build output are left out. Links are never
followed, so no loop is walked and no file is read twice. Nothing that is not a regular file is ever opened.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fozzy.insight.map.doubts import Doubts
from fozzy.insight.map.languages import is_declaration, is_test, language_of

FILES_MAX = 20_000  # files of code; a tree of more is mapped part by part, with --root
FILE_BYTES_MAX = 1 << 20  # what people write is smaller; larger files are generated or data
TREE_BYTES_MAX = 512 << 20
LIST_BYTES_MAX = 64 << 20  # what git lists
GIT_SECONDS_MAX = 60
NESTED_MAX = 8  # repositories inside repositories
LEFT_OUT_FOLDERS = frozenset(
    [
        "node_modules",
        "bower_components",
        "venv",
        "env",
        "virtualenv",
        "site-packages",
        "dist-packages",
        "__pycache__",
        "build",
        "dist",
        "out",
        "target",
        "vendor",
        "coverage",
        "htmlcov",
    ]
)
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotepath=false")


class Listing(NamedTuple):
    """Paths of code below the root, with `/`, sorted, each with its language; what was left out by rule, counted."""

    paths: list[tuple[str, str]]
    left_out: Counter[str]
    by_git: bool


def list_sources(root: Path, doubts: Doubts) -> Listing:
    """The files of code. *Limits*: `FILES_MAX`; those over it are doubts."""
    base = os.fspath(root)
    named = _by_git(base, doubts)
    names = sorted(set(named or _by_rules(base, doubts)))
    paths: list[tuple[str, str]] = []
    left_out: Counter[str] = Counter()
    for name in names:
        language = language_of(name)
        if language is None:
            continue
        why = "tests" if is_test(name) else "declarations" if is_declaration(name) else _link(base, name)
        if why:
            left_out[why] += 1
        elif len(paths) >= FILES_MAX:
            doubts.add("dropped", name, f"the tree has more than {FILES_MAX:,} files of code: map it part by part")
        else:
            paths.append((name, language))
    return Listing(paths, left_out, named is not None and bool(named))


def read_source(root: Path, name: str) -> bytes:
    """What a file holds. *Errors*: `OSError`, also for what is no regular file. *Limits*: one byte over the most."""
    path = os.path.join(root, name)
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(0, "it is not a regular file")
    with open(path, "rb") as stream:
        return stream.read(FILE_BYTES_MAX + 1)


def git(folder: str, *words: str) -> bytes | None:
    """What git says, none when it says nothing of use. *Limits*: `GIT_SECONDS_MAX`, `LIST_BYTES_MAX`."""
    try:
        with subprocess.Popen(
            [*_GIT, "-C", folder, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            return _read_all(process)
    except OSError:
        return None


def _read_all(process: subprocess.Popen[bytes]) -> bytes | None:
    from threading import Timer  # a read has no time-out of its own

    assert process.stdout is not None
    watch = Timer(GIT_SECONDS_MAX, process.kill)
    watch.start()
    try:
        said = process.stdout.read(LIST_BYTES_MAX)
        if process.stdout.read(1):
            process.kill()
            return None
        return said if process.wait() == 0 else None
    finally:
        watch.cancel()


def _by_git(base: str, doubts: Doubts, depth: int = 0) -> list[str] | None:
    """What git does not ignore, none outside of git. What it lists as another repository is asked in its turn."""
    said = git(base, "ls-files", "-co", "--exclude-standard", "-z")
    if said is None:
        return None
    names: list[str] = []
    for name in os.fsdecode(said).split("\0"):
        inner = os.path.join(base, name)
        if not name or not os.path.lexists(inner):  # gone, though git still has it
            continue
        if os.path.isdir(os.path.join(inner, ".git")) or os.path.isfile(os.path.join(inner, ".git")):
            below = _by_git(inner, doubts, depth + 1) if depth < NESTED_MAX else None
            if below is None:
                doubts.add("dropped", name, "it is a repository of its own that cannot be listed")
            names += [f"{name.rstrip('/')}/{each}" for each in below or ()]
        else:
            names.append(name)
    return names


def _by_rules(base: str, doubts: Doubts) -> Iterator[str]:
    """What the rules leave. A folder that cannot be read is a doubt."""
    unread: list[OSError] = []
    for here, folders, files in os.walk(base, onerror=unread.append):
        folders[:] = sorted(each for each in folders if not (each.startswith(".") or each in LEFT_OUT_FOLDERS))
        folders[:] = [each for each in folders if not os.path.isfile(os.path.join(here, each, "pyvenv.cfg"))]
        inside = os.path.relpath(here, base).replace(os.sep, "/")
        yield from (name if inside == "." else f"{inside}/{name}" for name in files)
    for error in unread:
        shown = os.path.relpath(error.filename, base).replace(os.sep, "/")
        doubts.add("unreadable", shown, f"the folder cannot be read: {error.strerror}")


def _link(base: str, name: str) -> str:
    """`links` for a link whose file is listed by its own name; another link is read, or is a doubt when it is read."""
    path = os.path.join(base, name)
    if not os.path.islink(path) or not os.path.isfile(path):
        return ""
    there, here = os.path.realpath(path), os.path.realpath(base)
    return "links" if there.startswith(here.rstrip(os.sep) + os.sep) else ""
