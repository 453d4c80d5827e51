"""Retention: which runs the store keeps. The oldest go first, and some never go.

Rule 1: a run that `latest`, `last-pass` or `last-fail` names stays, and so does one that is still being written.
Rule 2: after a run this costs one listing; the other runs are looked at only when there is a reason to.
Rule 3: a run vanishes as a whole: it is renamed first, so that nobody sees half of it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Literal, NamedTuple

from fozzy import wall
from fozzy.config import Retention
from fozzy.errors import StoreError
from fozzy.trace.finalize import shown_path
from fozzy.trace.store import ALIASES, SUMMARY_NAME, Store

DAY_S = 86_400
LOOK_S = 3_600  # age and size change slowly; a run that is larger than its share is looked at at once
WRITING_S = DAY_S  # a run without a summary that has not changed for so long was killed
MARKER = "pruned"  # its time says when everything was last looked at
GONE = ".gone"

Reason = Literal["days", "runs", "size"]


class Stored(NamedTuple):
    """A run in the store."""

    run_id: str
    size_bytes: int
    changed_s: float
    finished: bool


class Removal(NamedTuple):
    """A run that goes, and which limit it is that it goes for."""

    run: Stored
    reason: Reason


class Plan(NamedTuple):
    """Which runs go, the oldest first, and which stay."""

    removals: list[Removal]
    kept: list[Stored]


def after_run(store: Store, run_id: str, limits: Retention) -> None:
    """Keep the store within its limits, now that a run ended. What fails here fails no run."""
    with contextlib.suppress(OSError, StoreError):
        if len(store.ids()) > limits.runs_max or _is_due(store, run_id, limits):
            remove(store, plan(store, limits))


def plan(store: Store, limits: Retention) -> Plan:
    """Decide what goes: what is too old, then the oldest until number and size fit. Nothing is touched."""
    now_s = wall.now_s()
    runs = sorted(_look(store), key=lambda run: (run.changed_s, run.run_id))
    named = _named(store)
    number, size_bytes = len(runs), sum(run.size_bytes for run in runs)
    removals: list[Removal] = []
    kept: list[Stored] = []
    for run in runs:
        too_old = now_s - run.changed_s > limits.days_max * DAY_S
        reason = "days" if too_old else "runs" if number > limits.runs_max else "size"
        writing = not run.finished and now_s - run.changed_s < WRITING_S
        too_much = too_old or number > limits.runs_max or size_bytes > limits.size_bytes_max
        if not too_much or writing or run.run_id in named:
            kept.append(run)
            continue
        removals.append(Removal(run, reason))  # type: ignore[arg-type]
        number, size_bytes = number - 1, size_bytes - run.size_bytes
    return Plan(removals, kept)


def remove(store: Store, decided: Plan) -> None:
    """Carry it out, and sweep up what an earlier removal left. *Errors*: `StoreError` for what cannot be removed."""
    for run in [removal.run for removal in decided.removals]:
        folder = store.folder(run.run_id)
        gone = folder.with_name(run.run_id + GONE)
        try:
            os.rename(folder, gone)
        except FileNotFoundError:
            continue  # another process was quicker
        except OSError as error:
            message = f"cannot remove {shown_path(folder)}: {error.strerror or error}"
            raise StoreError("store.unwritable", message) from error
    for name in os.listdir(store.runs_dir) if store.runs_dir.is_dir() else ():
        if name.endswith(GONE):
            _delete(store.runs_dir / name)


def _is_due(store: Store, run_id: str, limits: Retention) -> bool:
    """Whether age and size are to be looked at: once an hour, or when this run takes more than its share."""
    marker = store.runs_dir / MARKER
    try:
        fresh = wall.now_s() - marker.stat().st_mtime < LOOK_S
    except FileNotFoundError:
        fresh = False
    if not fresh:
        marker.touch()
    return not fresh or _size(store.folder(run_id))[0] > limits.size_bytes_max // limits.runs_max


def _look(store: Store) -> list[Stored]:
    runs: list[Stored] = []
    for run_id in store.ids():
        folder = store.folder(run_id)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            size_bytes, changed_s = _size(folder)
            runs.append(Stored(run_id, size_bytes, changed_s, (folder / SUMMARY_NAME).exists()))
    return runs


def _size(folder: Path) -> tuple[int, float]:
    """How many bytes a folder's files have, and when the last of them changed."""
    size_bytes, changed_s = 0, folder.stat().st_mtime
    for here, folders, files in os.walk(folder):
        folders.sort()
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                found = os.lstat(os.path.join(here, name))
                size_bytes += found.st_size
                changed_s = max(changed_s, found.st_mtime)
    return size_bytes, changed_s


def _named(store: Store) -> set[str]:
    named: set[str] = set()
    for alias in ALIASES:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            named.add((store.runs_dir / alias).read_text().strip())
    return named


def _delete(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    else:
        import shutil  # slow to import, and most runs remove nothing

        shutil.rmtree(path, ignore_errors=True)
