"""Finds a recorded run and makes its profile: the trace, and the side file that belongs to it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fozzy.core.events import Record
from fozzy.errors import UsageError
from fozzy.insight.profile.spans import Span, build
from fozzy.insight.recall import recall
from fozzy.trace.finalize import display_name, shown_path
from fozzy.trace.format import Header
from fozzy.trace.reader import Trace, open_trace
from fozzy.trace.side import PROFILE, ProfileFile, read_side, side_path
from fozzy.trace.store import RUN_ID, Store


class Profile(NamedTuple):
    """A run's tree, where it came from, and its real times. `why` says why there are none."""

    header: Header
    trace: Path
    run_id: str
    root: Span
    side: ProfileFile | None
    why: str = ""
    calls: int = 0  # of user code
    started_at: str = ""
    seal: str = ""

    @property
    def name(self) -> str:
        """The scenario's name for people."""
        case = " ".join(f"{name}={value}" for name, value in self.header.case.items())
        return f"{display_name(self.header.scenario.path)} {case}".rstrip()

    @property
    def is_timed(self) -> bool:
        """Whether real time was measured."""
        return self.side is not None


NOT_MEASURED = "real time was not measured"


def load_profile(store: Store, word: str, *, unsafe: bool = False) -> Profile:
    """The profile of the run a word names. *Errors*: `StoreError`, `EvidenceError`."""
    recalled = recall(store, word, unsafe=unsafe)
    path = recalled.trace
    if path is None:
        path = store.trace_of(word)
        recalled = recall(store, str(path), unsafe=unsafe)
    assert recalled.header is not None
    if recalled.header.mode == "proxy":
        message = f"{shown_path(path)} was recorded by a proxy: it has no steps whose time could be told"
        raise UsageError("trace.of_proxy", message, hint=f"fozzy trace show {shown_path(path)}")
    with open_trace(path) as trace:
        footer = trace.footer()
        run_id = footer.run_id if footer is not None else recalled.summary.identity.run_id
        seal = trace.seal()[0] if trace.is_sealed else ""
        side, why = _side_of(store, path, run_id, seal)
        seen = _Counted(trace)
        root = build(seen, side)
    if side is not None and len(side.record_ns) != seen.records:
        root, side, why = _untimed(path), None, f"{NOT_MEASURED}: the profile has another number of records"
    began = footer.started_at if footer is not None else ""
    return Profile(recalled.header, path, run_id, root, side, why, seen.calls, began, seal)


class _Counted:
    """The records of a trace, counted as they pass."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.records = self.calls = 0

    def __iter__(self) -> _Counted:
        self._records = self._trace.whole_records()
        return self

    def __next__(self) -> Record:
        record = next(self._records)
        self.records += 1
        self.calls += getattr(record, "type", "") == "call"
        return record


def _untimed(path: Path) -> Span:
    with open_trace(path) as trace:
        return build(trace.whole_records(), None)


def _side_of(store: Store, trace: Path, run_id: str, seal: str) -> tuple[ProfileFile | None, str]:
    """The profile that carries the trace's seal: beside it, or in the folder of its run; else why there is none."""
    candidates = [side_path(trace, ".profile.json")]
    folder = store.folder(run_id)
    if RUN_ID.fullmatch(run_id) and folder.is_dir():
        candidates += sorted(folder.glob(f"*{PROFILE}"))
    why = NOT_MEASURED
    for path in dict.fromkeys(candidates):
        side = read_side(path, ProfileFile)
        if side is not None and seal and side.trace_digest == seal:
            return side, ""
        if side is not None:
            why = f"{NOT_MEASURED}: {shown_path(path)} belongs to another trace"
    return None, why
