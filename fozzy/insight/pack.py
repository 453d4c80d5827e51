"""A pack: one file that carries a run elsewhere. A zip archive of the run's files and a manifest with their digests.

Rule 1: packing a run twice makes the same bytes. Nothing of the machine, the time or the place is in it.
Rule 2: a pack is taken whole or refused, and before a byte of it is written anywhere: the archive has one meaning
(trace/zipped), the manifest names every entry and its digest, every trace is sealed and of the run the pack is of.
Rule 3: what a pack may not hold is not packed: it is read back by the same reader before it has its name.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from fozzy import wall
from fozzy.core.outcome import Camel
from fozzy.errors import EvidenceError, InputError, StoreError, Where
from fozzy.insight.artifacts import Artifact, File, chunks, digest_of, files_of, kind_of, renamed, summary_in
from fozzy.insight.export import BOUNDS, Exported, artifact_of, check_bounds, exists, placing
from fozzy.insight.recall import Named
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.reader import Trace
from fozzy.trace.staging import made_folder
from fozzy.trace.store import MIN_NAME, RUN_ID, TRACE_NAME, Store
from fozzy.trace.zipped import Archive, ArchiveFlaw, mapped
from fozzy.trace.zipping import write_zip

PACK_SUFFIX = ".fozzypack"
MANIFEST_NAME = "manifest.json"
VERSION = 1
MANIFEST_BYTES_MAX = 8 << 20
RUN_ID_CHARS = 8


class Manifest(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What a pack holds: the run it is of, and every file with its size and digest, sorted by name."""

    format: Literal["fozzy-pack"]
    version: int
    run_id: str
    files: list[Artifact]


class Unpacked(NamedTuple):
    """What was taken out of a pack, and where it is. `is_new` is false when the same was there already."""

    run_id: str
    folder: Path
    files: list[Artifact]
    is_new: bool


def pack(named: Named, out: Path, *, overwrite: bool = False, unsafe: bool = False) -> Exported:
    """Write a run, or one scenario of a suite, into a pack. `unsafe` also packs what a killed run left.

    *Errors*: `StoreError`; `EvidenceError` for a trace that cannot be trusted.
    """
    if not named.run_id:
        message = f"{named.shown} does not say which run it is of"
        raise StoreError("artifacts.no_run", message, hint="fozzy trace recover seals what a killed run left")
    files = renamed(files_of(named), named.trace, _stem(named))
    check_bounds(files, out)
    with placing(out, overwrite) as hidden:
        packed: list[Artifact] = []
        write_zip(hidden, _contents(named.run_id, files, packed))
        with _opened(hidden, shown_path(out)) as (archive, shown):
            _check(archive, shown, unsafe)
    return Exported(out, packed, out.stat().st_size, digest_of(out))


def unpack(file: Path, store: Store, out: Path | None = None, *, unsafe: bool = False) -> Unpacked:
    """Take a pack into the store, or into a new folder `out`, all or nothing. The aliases stay where they are.

    *Errors*: `InputError` for what is no whole pack, `EvidenceError` for files that were altered, `StoreError`, also
    when the store holds another run of that id.
    """
    with _opened(file, shown_path(file)) as (archive, shown):
        manifest = _check(archive, shown, unsafe)
        folder = store.folder(manifest.run_id) if out is None else out
        if os.path.lexists(folder):
            _check_there(folder, manifest)
            return Unpacked(manifest.run_id, folder, manifest.files, False)
        _write(archive, folder)
    return Unpacked(manifest.run_id, folder, manifest.files, True)


def _stem(named: Named) -> str:
    """What the trace is called where the pack is unpacked, so that the store finds it there."""
    own = named.trace.name.removesuffix(SUFFIX) if named.trace else ""
    if named.member:
        return str(named.member)
    return own if f"{own}{SUFFIX}" in (TRACE_NAME, MIN_NAME) or own.isdecimal() else TRACE_NAME.removesuffix(SUFFIX)


def _contents(run_id: str, files: list[File], packed: list[Artifact]) -> Iterator[tuple[str, bytes]]:
    """The entries of a pack; the manifest comes last, since every file is read only once."""
    for file in files:
        data = b"".join(chunks(file.path))
        packed.append(artifact_of(file.name, data))
        yield file.name, data
    manifest = Manifest(format="fozzy-pack", version=VERSION, run_id=run_id, files=packed)
    yield MANIFEST_NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[tuple[Archive, str]]:
    """The archive in a file, mapped into memory. *Errors*: `InputError`, also for every flaw met in the block."""
    try:
        known = path.stat()
        if not stat.S_ISREG(known.st_mode):
            raise _bad(shown, "it is no file")
        if not 0 < known.st_size <= BOUNDS.archive_bytes_max:
            size = f"has more than {BOUNDS.archive_bytes_max:,} bytes" if known.st_size else "is empty"
            raise _bad(shown, f"it {size}")
        with mapped(path) as data:
            yield Archive(data, shown, BOUNDS), shown
    except ArchiveFlaw as flaw:
        raise _bad(shown, flaw.message) from flaw
    except OSError as error:
        message = f"cannot read {shown}: {error.strerror or error}"
        raise InputError("artifacts.unreadable", message, hint="name a pack", where=Where(shown)) from error


def _check(archive: Archive, shown: str, unsafe: bool) -> Manifest:
    """Everything that must hold of a pack, before anything of it is used. *Errors*: `InputError`, `EvidenceError`."""
    manifest = _manifest(archive, shown)
    said = {each.name: each for each in manifest.files}
    seen: set[str] = set()
    for name, data in archive.contents():
        if name == MANIFEST_NAME:
            continue
        if name not in said:
            raise _bad(shown, f'its manifest does not know "{name}"')
        if artifact_of(name, data) != said[name]:
            raise _altered(shown, f'"{name}" is not what was packed')
        _check_file(name, data, manifest.run_id, shown, unsafe)
        seen.add(name)
    missing = sorted(set(said) - seen)
    if missing:
        raise _bad(shown, f'"{missing[0]}" is missing')
    return manifest


def _manifest(archive: Archive, shown: str) -> Manifest:
    data = next((data for name, data in archive.contents() if name == MANIFEST_NAME), None)
    if data is None or len(data) > MANIFEST_BYTES_MAX:
        raise _bad(shown, "it has no manifest")
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _bad(shown, f"its manifest makes no sense: {error}") from error
    if manifest.version != VERSION:
        raise _bad(shown, f"it has format {manifest.version}; this fozzy reads {VERSION}")
    if len(manifest.run_id) != RUN_ID_CHARS or not RUN_ID.fullmatch(manifest.run_id):
        raise _bad(shown, "its manifest names no run")
    if not manifest.files or len({each.name for each in manifest.files}) != len(manifest.files):
        raise _bad(shown, "its manifest names no file, or one twice")
    return manifest


def _check_file(name: str, data: bytes, run_id: str, shown: str, unsafe: bool) -> None:
    """A trace is sealed and, like a summary, of this run. *Errors*: `EvidenceError`, `StoreError`."""
    kind = kind_of(name)
    if kind == "summary" and summary_in(data, f"{shown}:{name}").identity.run_id != run_id:
        raise _altered(shown, f'"{name}" is of another run')
    if kind != "trace":
        return
    with Trace(Path(f"{shown}:{name}"), io.BytesIO(data)) as trace:
        if trace.is_sealed or not unsafe:
            trace.check_seal()
        footer = trace.footer()
    if footer is not None and footer.run_id != run_id:
        raise _altered(shown, f'"{name}" is of another run')


def _check_there(folder: Path, manifest: Manifest) -> None:
    """Whether a folder that is there holds what the pack does. *Errors*: `StoreError` when it does not."""
    for each in manifest.files:
        path = folder / each.name
        if path.is_symlink() or not path.is_file() or digest_of(path) != each.blake3:
            raise exists(folder, "it holds something else: --out takes the pack into a folder of its own")


def _write(archive: Archive, folder: Path) -> None:
    """Write everything into a hidden folder and give that its name at the end. *Errors*: `StoreError`."""
    waiting = folder.with_name(f".{folder.name}.{wall.fresh_run_id()}.partial")
    try:
        with made_folder(folder.parent), made_folder(waiting):
            written: list[Path] = []
            try:
                for name, data in archive.contents():
                    if name != MANIFEST_NAME:
                        written.append(waiting / name)
                        written[-1].write_bytes(data)
                os.rename(waiting, folder)
            except BaseException:
                for path in written:
                    path.unlink(missing_ok=True)
                raise
    except OSError as error:
        message = f"cannot write {shown_path(folder)}: {error.strerror or error}"
        raise StoreError("artifacts.unwritable", message, hint="a full disk, a folder, or no permission") from error


def _bad(shown: str, why: str) -> InputError:
    hint = "fozzy artifacts pack RUN makes one; nothing of this one was taken"
    return InputError("artifacts.bad_pack", f"{shown} is no whole pack: {why}", hint=hint, where=Where(shown))


def _altered(shown: str, why: str) -> EvidenceError:
    hint = "fetch it again, or pack the run again; nothing of this one was taken"
    return EvidenceError("artifacts.altered", f"{shown} cannot be trusted: {why}", hint=hint, where=Where(shown))
