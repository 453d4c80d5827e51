"""Writes the files of a run elsewhere: as a folder, as a zip archive, or a trace alone. Read back before it is named.

The same run makes the same bytes: fixed order, times and modes. A folder's files get them too, so that what is made
of the folder later is the same as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from fozzy.errors import StoreError
from fozzy.insight.artifacts import Artifact, File, chunks, digest_of, kind_of
from fozzy.trace.finalize import shown_path
from fozzy.trace.staging import claim, made_folder, temporary
from fozzy.trace.zipped import Archive, ArchiveFlaw, Bounds, mapped
from fozzy.trace.zipping import write_zip

TOTAL_BYTES_MAX = 512 << 20  # of an archive: one entry at a time is held in memory; a folder has no limit
BOUNDS = Bounds(10_001, TOTAL_BYTES_MAX, TOTAL_BYTES_MAX)
FILE_S = 315532800  # 1980-01-01, the first moment a zip archive knows
FILE_MODE = 0o644


class Exported(NamedTuple):
    """What was written and where, and the blake3 of the file when it is one."""

    path: Path
    artifacts: list[Artifact]
    size_bytes: int
    blake3: str | None


def export_folder(files: Sequence[File], out: Path) -> Exported:
    """Write the files into a folder that is new or empty, all or none. *Errors*: `StoreError`."""
    if os.path.lexists(out) and (not out.is_dir() or any(out.iterdir())):
        raise exists(out, "name a folder that is new or empty")
    with _writing(out), made_folder(out):
        tried: list[Path] = []
        try:
            artifacts = [_copied(file, out / file.name, tried) for file in files]
        except BaseException:
            for path in tried:
                path.unlink(missing_ok=True)
            raise
    return Exported(out, artifacts, sum(each.size_bytes for each in artifacts), None)


def export_zip(files: Sequence[File], out: Path, *, overwrite: bool = False) -> Exported:
    """Write the files into one archive, whole or not at all. *Limits*: `BOUNDS`. *Errors*: `StoreError`."""
    check_bounds(files, out)
    return write_archive(((file.name, b"".join(chunks(file.path))) for file in files), out, overwrite=overwrite)


def write_archive(contents: Iterable[tuple[str, bytes]], out: Path, *, overwrite: bool = False) -> Exported:
    """Write named contents into one archive and read it back. *Limits*: `BOUNDS`. *Errors*: `StoreError`."""
    artifacts: list[Artifact] = []

    def noted() -> Iterator[tuple[str, bytes]]:
        for name, data in contents:
            artifacts.append(artifact_of(name, data))
            yield name, data

    with placing(out, overwrite) as hidden:
        write_zip(hidden, noted())
        with reading(hidden, out) as archive:
            read = {name: blake3(data).hexdigest() for name, data in archive}
        if read != {artifact.name: artifact.blake3 for artifact in artifacts}:
            raise changed(out)
    return Exported(out, artifacts, out.stat().st_size, digest_of(out))


def export_file(file: File, out: Path, *, overwrite: bool = False) -> Exported:
    """Write one file under another name, whole or not at all. *Errors*: `StoreError`."""
    with placing(out, overwrite) as hidden:
        artifact = _copied(file, hidden, [])
    return Exported(out, [artifact], artifact.size_bytes, artifact.blake3)


@contextmanager
def placing(out: Path, overwrite: bool) -> Iterator[Path]:
    """A hidden name to write to; when the block ends well the file gets its own name. *Errors*: `StoreError`."""
    if os.path.isdir(out) or (os.path.lexists(out) and not overwrite):
        raise exists(out)
    with _writing(out), made_folder(out.parent), temporary(out) as hidden:
        yield hidden
        if overwrite:
            os.replace(hidden, out)
        elif not claim(hidden, out):
            raise exists(out)


@contextmanager
def reading(path: Path, shown: Path) -> Iterator[Iterator[tuple[str, bytes]]]:
    """The entries of an archive that was just written, sorted by name. *Errors*: `StoreError`."""
    try:
        with mapped(path) as data:
            yield Archive(data, shown_path(shown), BOUNDS).contents()
    except ArchiveFlaw as flaw:
        raise changed(shown) from flaw


def artifact_of(name: str, data: bytes) -> Artifact:
    """A file that is held in memory, with its digest."""
    return Artifact(name=name, kind=kind_of(name), size_bytes=len(data), blake3=blake3(data).hexdigest())


def check_bounds(files: Sequence[File], out: Path) -> None:
    """Refuse before the work what no archive may hold. *Errors*: `StoreError`."""
    if sum(file.size_bytes for file in files) > TOTAL_BYTES_MAX:
        message = f"the files have more than {TOTAL_BYTES_MAX:,} bytes, which no archive may hold"
        hint = f"export them as a folder: --out {out.stem}, or one scenario of the suite alone, as 7f3/2"
        raise StoreError("artifacts.too_large", message, hint=hint)


def exists(out: Path, hint: str = "") -> StoreError:
    """The error for a name that is taken."""
    hint = hint or ("name a file" if out.is_dir() else "--force overwrites it")
    return StoreError("artifacts.exists", f"{shown_path(out)} exists already; nothing was written", hint=hint)


def changed(out: Path) -> StoreError:
    """The error for bytes that came back other than they were written."""
    message = f"what was written to {shown_path(out)} is not what was read"
    hint = "a file of the run changed meanwhile, or the disk is failing; nothing was left there"
    return StoreError("artifacts.changed", message, hint=hint)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"cannot write {shown_path(out)}: {error.strerror or error}"
        raise StoreError("artifacts.unwritable", message, hint="a full disk, a folder, or no permission") from error


def _copied(file: File, path: Path, tried: list[Path]) -> Artifact:
    """Copy a file, read it back, and give it the mode and time of every export. *Errors*: `StoreError`, `OSError`."""
    hasher, size_bytes = blake3(), 0
    with path.open("xb") as stream:
        tried.append(path)
        for chunk in chunks(file.path):
            hasher.update(chunk)
            size_bytes += len(chunk)
            stream.write(chunk)
    if digest_of(path) != hasher.hexdigest():
        raise changed(path)
    path.chmod(FILE_MODE)
    os.utime(path, (FILE_S, FILE_S))
    return Artifact(name=file.name, kind=file.kind, size_bytes=size_bytes, blake3=hasher.hexdigest())
