"""Finds the traces and coverage files there are: those of the store, and traces kept beside scenarios."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from fozzy.core.summary import Summary
from fozzy.insight.map.doubts import Doubts
from fozzy.insight.map.traced import Origin
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.side import COVERAGE
from fozzy.trace.store import SUMMARY_NAME, Store

if TYPE_CHECKING:
    from fozzy.insight.map.topology import Scope

TRACE_BYTES_MAX = 1 << 30  # of one trace; it is read once, in blocks
TRACES_MAX = 5_000
_Stems = dict[str, tuple[Path | None, Path | None]]


class Kept(NamedTuple):
    """A run's trace and its coverage file, one of them at least. `origin` is what is known without the trace."""

    trace: Path | None
    coverage: Path | None
    origin: Origin


def kept_runs(scope: Scope, doubts: Doubts) -> Iterator[Kept]:
    """All of them, in order. *Limits*: `TRACES_MAX`, `TRACE_BYTES_MAX`; what is over them is a doubt."""
    taken = 0
    for kept in _all(scope):
        path = kept.trace or kept.coverage
        assert path is not None
        if taken >= TRACES_MAX:
            doubts.add("dropped", shown_path(path), f"there are more than {TRACES_MAX:,} traces")
        elif kept.trace is not None and _size(kept.trace) > TRACE_BYTES_MAX:
            doubts.add("dropped", shown_path(path), f"the trace has more than {TRACE_BYTES_MAX:,} bytes")
        else:
            taken += 1
            yield kept


def _all(scope: Scope) -> Iterator[Kept]:
    store = Store(scope.base_dir)
    for run_id in store.ids():
        yield from _of_folder(store.folder(run_id), run_id)
    for here, folders, _ in os.walk(scope.scenario_root):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        yield from _of_folder(Path(here), "")


def _of_folder(folder: Path, run_id: str) -> Iterator[Kept]:
    stems = _stems(folder)
    started_at = _started_at(folder) if run_id and any(trace is None for trace, _ in stems.values()) else ""
    for trace, coverage in stems.values():
        shown = shown_path(coverage or folder)
        yield Kept(trace, coverage, Origin(run_id, shown, "", started_at))


def _stems(folder: Path) -> _Stems:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return {}
    stems: _Stems = {}
    for name in names:
        if name.endswith(SUFFIX):
            stem = name.removesuffix(SUFFIX)
            stems[stem] = (folder / name, stems.get(stem, (None, None))[1])
        elif name.endswith(COVERAGE):
            stem = name.removesuffix(COVERAGE)
            stems[stem] = (stems.get(stem, (None, None))[0], folder / name)
    return stems


def _started_at(folder: Path) -> str:
    """When a run of the store began, empty when it does not say: its evidence is stale then."""
    try:
        return msgspec.json.decode((folder / SUMMARY_NAME).read_bytes(), type=Summary).started_at
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
