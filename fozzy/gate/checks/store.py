"""Store: the runs that are kept can be read, new ones can be written, and nothing was left half done."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from fozzy import wall
from fozzy.config import Config
from fozzy.core.summary import Summary
from fozzy.errors import Problem, Where
from fozzy.gate.checked import Checked, judged
from fozzy.report.text import count, quoted, size
from fozzy.trace.finalize import shown_path
from fozzy.trace.store import SUMMARY_NAME, Store

NAME = "store"
WRITING_S = 60  # what changed since then may still be written
LEFTOVERS_MAX = 20


def store(config: Config) -> list[Checked]:
    """The store as a whole, and what killed runs left in it."""
    base = config.base_dir()
    runs = Store(base)
    if not base.exists():
        return [judged(NAME, f"{shown_path(base)} does not exist yet", _unwritable(_nearest(base)))]
    ids = runs.ids()
    size_bytes = sum(_size(path) for path in _files(base))
    limit = config.settings.retention.size_bytes_max
    said = f"{count(len(ids), 'run')}, {size(size_bytes)} of {size(limit)}"
    found = [*_unwritable(base), *(problem for run_id in ids for problem in _unreadable(runs, run_id))]
    return [judged(NAME, said, found), leftovers(base)]


def leftovers(base: Path) -> Checked:
    """Files of runs that were killed while they wrote."""
    old = [path for path in _files(base) if path.name.endswith(".partial") and _age_s(path) > WRITING_S]
    found = [_left(path) for path in old[:LEFTOVERS_MAX]]
    rest = len(old) - LEFTOVERS_MAX
    return judged(
        "leftovers",
        f"{count(len(old), 'file')} of killed runs" if old else "nothing left half done",
        found,
        left_out=[f"and {rest} more"] if rest > 0 else [],
        warns=True,
    )


def _left(path: Path) -> Problem:
    shown = shown_path(path)
    is_trace = ".fozzy." in path.name
    hint = f"fozzy trace recover {quoted(shown)}   or remove it" if is_trace else f"rm {quoted(shown)}"
    return Problem(code="doctor.leftover", message=f"{shown} was left by a killed run", hint=hint, where=Where(shown))


def _unreadable(runs: Store, run_id: str) -> Iterator[Problem]:
    path = runs.folder(run_id) / SUMMARY_NAME
    try:
        msgspec.json.decode(path.read_bytes(), type=Summary)
    except FileNotFoundError:
        return
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Problem(
            code="doctor.unreadable_run",
            message=f"run {run_id} cannot be read: {getattr(error, 'strerror', None) or error}",
            hint=f"rm -r {quoted(shown_path(path.parent))}",
            where=Where(shown_path(path)),
        )


def _unwritable(folder: Path) -> list[Problem]:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return []
    except OSError as error:
        shown = shown_path(folder)
        return [
            Problem(
                code="doctor.store_unwritable",
                message=f"cannot write into {shown}: {error.strerror}",
                hint=f"chmod u+w {quoted(shown)}, or base_dir in fozzy.toml",
                where=Where(shown),
            )
        ]


def _nearest(base: Path) -> Path:
    """The folder in which the store will be made."""
    return next(folder for folder in base.absolute().parents if folder.exists())


def _files(base: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(base):
        folders.sort()
        yield from (Path(here, name) for name in sorted(names))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0  # a run that ended meanwhile


def _age_s(path: Path) -> float:
    try:
        return wall.now_s() - path.lstat().st_mtime
    except OSError:
        return 0
