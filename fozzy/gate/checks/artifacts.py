"""Artifacts: what the store and the files beside a trace say of it agrees with the trace itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fozzy.core.summary import Summary
from fozzy.errors import Exit, Problem, Where
from fozzy.gate.checked import Checked, judged
from fozzy.report.text import count
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX, Footer
from fozzy.trace.reader import open_trace
from fozzy.trace.store import SUMMARY_NAME, TRACE_NAME, Store

NAME = "artifacts"
SIDES = ("profile", "coverage")  # files beside a trace: `<stem>.<side>.json`, each names the seal of its trace
SIDE_BYTES_MAX = 256_000_000


class _Sealed(NamedTuple):
    """A trace and its seal."""

    path: Path
    footer: Footer
    seal: str


class _Side(msgspec.Struct, rename="camel"):
    trace_digest: str


def artifacts(path: Path, store: Store) -> Checked:
    """Compare everything that was kept of the run with its trace. *Errors*: `EvidenceError`, `StoreError`."""
    with open_trace(path) as trace:
        footer = trace.footer()
        if footer is None or footer.summary is None:
            return judged(NAME, "nothing", left_out=["the run was cut off: it has no summary"])
        sealed = _Sealed(path, footer, trace.seal()[0])
    folder = store.folder(footer.run_id)
    looked: list[str] = []
    found = [*_stored(sealed, folder, looked), *_sides(sealed, {path.parent, folder}, looked)]
    return judged(
        NAME, f"{', '.join(looked) or 'nothing'}", found, left_out=_left_out(sealed, folder), exit_status=Exit.EVIDENCE
    )


def _left_out(sealed: _Sealed, folder: Path) -> Iterator[str]:
    if not (folder / SUMMARY_NAME).is_file():
        yield f"the summary: the store has no run {sealed.footer.run_id}"
    summary = sealed.footer.summary
    recorded = summary.identity.trace_path if summary else None
    if recorded != shown_path(sealed.path) and recorded is not None and not _is_stored_as(sealed.path, folder):
        yield f"its name: it was recorded as {recorded}"


def _is_stored_as(path: Path, folder: Path) -> bool:
    return path.parent.absolute() == folder.absolute()


def _stored(sealed: _Sealed, folder: Path, looked: list[str]) -> Iterator[Problem]:
    """The summary in the store, and the store's own copy of the trace."""
    path = folder / SUMMARY_NAME
    if not path.is_file():
        return
    looked.append(shown_path(path))
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=Summary)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield _unreadable(path, error)
        return
    for field, theirs, ours in _fields(stored, sealed):
        if theirs != ours:
            yield _differs(path, f"{field} is {theirs}, the trace says {ours}")
    copy = folder / TRACE_NAME
    if copy.is_file() and stored.mode == "run" and not copy.samefile(sealed.path):
        looked.append(shown_path(copy))
        with open_trace(copy) as trace:
            if not trace.is_sealed or trace.seal()[0] != sealed.seal:
                yield _differs(copy, "the store's copy of the trace has another seal")


def _fields(stored: Summary, sealed: _Sealed) -> Iterator[tuple[str, Any, Any]]:
    """What both must say alike; of a suite or a campaign, what it says of this scenario."""
    own = sealed.footer.summary
    assert own is not None
    yield "runId", stored.identity.run_id, sealed.footer.run_id
    if stored.mode not in ("test", "explore"):
        yield "seed", stored.identity.seed, own.identity.seed
        yield "status", stored.status, own.status
        yield "durationNs", stored.duration_ns, own.duration_ns
        yield "findings", len(stored.findings), len(own.findings)
        return
    shown = shown_path(sealed.path)
    for member in stored.scenarios:
        if member.trace_path in (shown, own.identity.trace_path):
            yield "seed", member.seed, own.identity.seed
            yield "status", member.status, own.status


def _sides(sealed: _Sealed, folders: set[Path], looked: list[str]) -> Iterator[Problem]:
    stem = sealed.path.name.removesuffix(SUFFIX)
    named = [(sealed.path.parent, stem), *((folder, "trace") for folder in sorted(folders - {sealed.path.parent}))]
    for folder, name in named:
        for side in SIDES:
            path = folder / f"{name}.{side}.json"
            if path.is_file():
                looked.append(shown_path(path))
                yield from _side(path, sealed.seal)


def _side(path: Path, seal: str) -> Iterator[Problem]:
    try:
        if path.stat().st_size > SIDE_BYTES_MAX:
            raise OSError(f"it is larger than {count(SIDE_BYTES_MAX, 'byte')}")
        digest = msgspec.json.decode(path.read_bytes(), type=_Side).trace_digest
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield _unreadable(path, error)
        return
    if digest != seal:
        yield _differs(path, "it was made for a trace with another seal")


def _unreadable(path: Path, error: Exception) -> Problem:
    shown = shown_path(path)
    message = f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}"
    return Problem(code="ci.artifact_unreadable", message=message, hint="run it again", where=Where(shown))


def _differs(path: Path, what: str) -> Problem:
    shown = shown_path(path)
    hint = "it was altered, or belongs to another run: run it again"
    return Problem(code="ci.artifact_differs", message=f"{shown}: {what}", hint=hint, where=Where(shown))
