"""Kept failures: small traces in a folder of the repository, each a test that passes once its failure is mended."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fozzy.core.events import Ask, Draw, Found, Record
from fozzy.engine.code import NO_CODE, Allowance
from fozzy.engine.record import Keeping
from fozzy.errors import EvidenceError, FozzyError, StoreError
from fozzy.search.failing import Failing, open_failing
from fozzy.search.shrink.gate import size_of
from fozzy.search.shrink.result import record_best
from fozzy.search.shrink.shrinker import End, Listener, shrink
from fozzy.search.subject import Candidate
from fozzy.trace.finalize import NAMES_MAX, display_name, numbered
from fozzy.trace.format import SUFFIX
from fozzy.trace.reader import open_trace

BUDGET_NS = 5 * 10**9  # of wall time, for each failure of a suite: many failures must not make a suite endless
Check = Callable[[Path], None]


class Kept(NamedTuple):
    """A failure that was kept, how large it is, and why not smaller when it could not be made so."""

    path: Path
    steps: int
    choices: int
    end: End = "converged"
    warning: str = ""


def keep_smaller(
    trace: Path,
    keep: Keeping,
    check: Check,
    *,
    names: Sequence[str] = (),
    allowance: Allowance = NO_CODE,
    listen: Listener | None = None,
) -> Kept:
    """Shrink a failing trace and keep the result in the folder that is `keep`'s target, or the run as it was when the
    smaller one does not hold. *Limits*: `BUDGET_NS`. *Errors*: as `open_failing`; `StoreError`, those of `check`."""
    failing = open_failing(trace, names, allowance)
    done = shrink(failing.subject, failing.first, failing.failure, budget_ns=BUDGET_NS, listen=listen)
    warning, best = "", done.best
    try:
        path = keep_in(failing, best, keep, check)
    except EvidenceError as error:
        warning, best = f"kept as it was: {error.message}", done.first
        path = keep_in(failing, best, keep, check)
    return Kept(path, *size_of(best).shown, done.end, warning)


def keep_in(failing: Failing, best: Candidate, keep: Keeping, check: Check) -> Path:
    """Keep a candidate in the folder that is `keep`'s target; the trace there that holds the same run, if one does.

    `check` looks at the trace before it has its name. *Errors*: `StoreError`, those of `check`.
    """
    folder, name = folder_for(keep.target), kept_name(failing.header.scenario.path)

    def look(trace: Path) -> None:
        there = kept_already(trace, folder, name)
        if there is not None:
            raise _There(there)
        check(trace)

    target = keep._replace(target=folder / name, policy="append", asked=True, always=True)
    try:
        recorded = record_best(failing, best, target, look)
    except _There as there:
        return there.path
    assert recorded.trace is not None
    return recorded.trace


class _There(Exception):
    """The same run is kept already."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


def kept_name(scenario: str) -> str:
    """The file a scenario's failure is kept in; another failure of it takes the next free name."""
    return display_name(scenario).removesuffix(".min").strip("./").replace("/", "-") + SUFFIX


def kept_already(trace: Path, folder: Path, name: str) -> Path | None:
    """The trace in a folder that holds the same run, none when there is none."""
    run = _run_of(trace)
    return next((path for path in _taken(folder / name) if _run_of(path) == run), None) if run else None


def folder_for(folder: Path) -> Path:
    """The folder, made when it is missing. *Errors*: `StoreError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("store.unwritable", f"cannot write {folder}: {error.strerror or error}") from error
    return folder


def _taken(target: Path) -> list[Path]:
    found = [target] if os.path.isfile(target) else []
    for number in range(1, NAMES_MAX):
        path = numbered(target, number)
        if not os.path.isfile(path):
            break
        found.append(path)
    return found


def _run_of(path: Path) -> list[Any] | None:
    """What a run is, whatever its seed was and whatever the world answered beside what made it fail: its scenario, what
    it was bounded by, what it drew, asked and found. None when the file is no trace."""
    try:
        with open_trace(path) as trace:
            header = msgspec.to_builtins(msgspec.structs.replace(trace.header(), seed=0))
            return [header, *filter(None, map(_said, trace.records()))]
    except FozzyError:
        return None


def _said(record: Record) -> list[Any] | None:
    if isinstance(record, Draw):
        return [record.label, record.low, record.high, record.value]
    if isinstance(record, Ask):
        return [record.label, record.request]
    return [record.finding, record.title, record.at, record.field] if isinstance(record, Found) else None
