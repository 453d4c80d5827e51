"""What runs leave in the store: which runs there are, and the files of each.

A run's folder is flat. What it holds: its summary, its traces, side files beside them (`<stem>.profile.json`,
`<stem>.coverage.json`), reports, and what a killed run was writing. Hidden files and links are none of these.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from blake3 import blake3

from fozzy import wall
from fozzy.core.outcome import Camel, Status
from fozzy.core.summary import Summary
from fozzy.errors import EvidenceError, StoreError, Where
from fozzy.trace.entry_names import is_hidden
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.reader import open_trace
from fozzy.trace.store import ALIASES, SUMMARY_NAME, Store

if TYPE_CHECKING:
    from fozzy.insight.recall import Named  # documents are made of what stands here, and need no more than that

PARTIAL = ".partial"
CHUNK_BYTES = 1 << 20
FILES_MAX = 10_000  # of one run; a suite keeps three for each failing scenario

Kind = Literal["summary", "trace", "profile", "coverage", "partial", "other"]


class File(NamedTuple):
    """A file of a run, not yet read."""

    name: str
    path: Path
    size_bytes: int

    @property
    def kind(self) -> Kind:
        """What it is, by its name."""
        return kind_of(self.name)


class Artifact(Camel, frozen=True, kw_only=True):
    """A file of a run and the blake3 of its bytes."""

    name: str
    kind: Kind
    size_bytes: int
    blake3: str


class StoredRun(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A run in the store. `status` is `unfinished` for one without a summary, `damaged` when that makes no sense."""

    run_id: str
    status: Status | Literal["unfinished", "damaged"]
    command: str
    seed: int | None
    started_at: str  # for a run without a summary: when it last wrote
    size_bytes: int
    files: int
    traces: int
    side_files: int
    aliases: list[str]


class _Told(msgspec.Struct, rename="camel"):
    """The part of a summary that a list shows."""

    command: str
    status: Status
    identity: _Identity
    started_at: str


class _Identity(msgspec.Struct):
    seed: int


_told = msgspec.json.Decoder(_Told)


def kind_of(name: str) -> Kind:
    """What a file of this name is."""
    if name == SUMMARY_NAME:
        return "summary"
    ends: dict[str, Kind] = {SUFFIX: "trace", PARTIAL: "partial"}
    ends |= {".profile.json": "profile", ".coverage.json": "coverage"}
    return next((kind for end, kind in ends.items() if name.endswith(end)), "other")


def runs(store: Store) -> list[StoredRun]:
    """Every run, the newest first. One that cannot be read is listed as `damaged`."""
    named = _aliases(store)
    found = [run for run_id in store.ids() for run in _run(store, run_id, named.get(run_id, []))]
    return sorted(found, key=lambda run: (run.started_at, run.run_id), reverse=True)


def files_of(named: Named) -> list[File]:
    """The files of a run, of one scenario of a suite, or of a trace: it and its side files. Sorted by name.

    *Errors*: `StoreError` when there are none, or when they cannot be listed.
    """
    if named.folder is not None and not named.member:
        found = _listed(named.folder)
    else:
        assert named.trace is not None
        found = [each for each in _listed(named.trace.parent) if _belongs(each.name, named.trace.name)]
    if not found:
        hint = "a run that was killed at its start leaves nothing; fozzy artifacts ls shows the others"
        raise StoreError("artifacts.nothing", f"run {named.shown} kept nothing", hint=hint)
    return found


def renamed(files: Iterable[File], trace: Path | None, stem: str) -> list[File]:
    """The files with a trace and its side files under another stem: `t.2.profile.json` as `trace.profile.json`."""
    own = trace.name.removesuffix(SUFFIX) if trace else stem
    return sorted(
        file._replace(name=f"{stem}{file.name.removeprefix(own)}") if file.name.startswith(f"{own}.") else file
        for file in files
    )


def artifacts_of(files: Iterable[File]) -> list[Artifact]:
    """The files with their digests. *Errors*: `StoreError`."""
    return [
        Artifact(name=file.name, kind=file.kind, size_bytes=file.size_bytes, blake3=digest_of(file.path))
        for file in files
    ]


def digest_of(path: Path) -> str:
    """The blake3 of a file, read in chunks. *Errors*: `StoreError`."""
    hasher = blake3()
    for chunk in chunks(path):
        hasher.update(chunk)
    return hasher.hexdigest()


def chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes. *Errors*: `StoreError`."""
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise unreadable(path, error) from error


def check_traces(files: Iterable[File]) -> None:
    """Hold every trace against its seal. *Errors*: `EvidenceError`."""
    for file in files:
        if file.kind == "trace":
            with open_trace(file.path) as trace:
                trace.check_seal()


def unreadable(path: Path, error: OSError) -> StoreError:
    """The error for what the system does not let us read."""
    message = f"cannot read {shown_path(path)}: {error.strerror or error}"
    return StoreError("artifacts.unreadable", message, hint="it was pruned meanwhile, or may not be read")


def summary_in(data: bytes, shown: str) -> Summary:
    """A summary from its bytes. *Errors*: `EvidenceError`."""
    try:
        return msgspec.json.decode(data, type=Summary)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message, hint = f"{shown} makes no sense: {error}", "it was altered, or written by a newer fozzy"
        raise EvidenceError("store.damaged_summary", message, hint=hint, where=Where(shown)) from error


def _listed(folder: Path) -> list[File]:
    try:
        with os.scandir(folder) as listing:
            found = sorted(file for entry in listing for file in _file(entry))
    except OSError as error:
        raise unreadable(folder, error) from error
    if len(found) > FILES_MAX:
        message = f"{shown_path(folder)} holds more than {FILES_MAX:,} files"
        raise StoreError("artifacts.too_many", message, hint="name one scenario of the suite, as 7f3/2")
    return found


def _file(entry: os.DirEntry[str]) -> Iterator[File]:
    with suppress(FileNotFoundError):
        known = entry.stat(follow_symlinks=False)
        is_ours = not entry.name.endswith(PARTIAL) or SUFFIX in entry.name  # else a summary that is being written
        if stat.S_ISREG(known.st_mode) and is_ours and not is_hidden(entry.name):
            yield File(entry.name, Path(entry.path), known.st_size)


def _belongs(name: str, trace: str) -> bool:
    """Whether a file is a trace or a side file of it."""
    stem = trace.removesuffix(SUFFIX)
    return name == trace or name in (f"{stem}.profile.json", f"{stem}.coverage.json")


def _run(store: Store, run_id: str, aliases: list[str]) -> Iterator[StoredRun]:
    folder = store.folder(run_id)
    try:
        files = _listed(folder)
        changed_s = folder.stat().st_mtime
    except (StoreError, OSError):
        return  # another process pruned it
    told = _summary(folder)
    kinds = [file.kind for file in files]
    yield StoredRun(
        run_id=run_id,
        status=told.status if isinstance(told, _Told) else told,
        command=told.command if isinstance(told, _Told) else "",
        seed=told.identity.seed if isinstance(told, _Told) else None,
        started_at=told.started_at if isinstance(told, _Told) else wall.iso(changed_s),
        size_bytes=sum(file.size_bytes for file in files),
        files=len(files),
        traces=kinds.count("trace"),
        side_files=kinds.count("profile") + kinds.count("coverage"),
        aliases=aliases,
    )


def _summary(folder: Path) -> _Told | Literal["unfinished", "damaged"]:
    try:
        return _told.decode((folder / SUMMARY_NAME).read_bytes())
    except FileNotFoundError:
        return "unfinished"
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "damaged"


def _aliases(store: Store) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for alias in ALIASES:
        with suppress(StoreError):
            named.setdefault(store.run_of(alias), []).append(alias)
    return named
