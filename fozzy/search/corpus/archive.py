"""A corpus as one file: a zip archive, the same bytes wherever it is made, taken back whole or not at all.

What an import would refuse is not exported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fozzy.errors import InputError, StoreError, Where
from fozzy.search.corpus.store import ENTRY_BYTES_MAX, Added, Corpus, Entry
from fozzy.trace.entry_names import flaw_of, same_name
from fozzy.trace.finalize import shown_path
from fozzy.trace.staging import claim, made_folder, temporary
from fozzy.trace.zipped import Archive, ArchiveFlaw, Bounds
from fozzy.trace.zipping import write_zip

ENTRIES_MAX = 10_000  # of one archive; a folder of more travels by copying
TOTAL_BYTES_MAX = 64 << 20  # of all entries; so much is held in memory without harm
BOUNDS = Bounds(ENTRIES_MAX, ENTRY_BYTES_MAX, TOTAL_BYTES_MAX)


class Exported(NamedTuple):
    """What an archive holds, and how large it is itself."""

    entries: int
    size_bytes: int
    archive_bytes: int


def export_zip(corpus: Corpus, out: Path, *, overwrite: bool = False) -> Exported:
    """Write a corpus into one archive, whole or not at all.

    *Limits*: those of an import. *Errors*: `StoreError`, also when the name is taken; `InputError`.
    """
    if os.path.lexists(out) and not overwrite:
        raise _exists(out)
    if os.path.realpath(out.parent) == os.path.realpath(corpus.folder):
        message, hint = f"{shown_path(out)} would be an entry of the corpus it holds", "name another folder"
        raise InputError("corpus.inside", message, hint=hint)
    entries = corpus.entries()
    _check(corpus, entries)
    try:
        with made_folder(out.parent), temporary(out) as hidden:
            exported = _write(corpus, entries, hidden)
            if overwrite:
                os.replace(hidden, out)
            elif not claim(hidden, out):
                raise _exists(out)
            return exported
    except OSError as error:
        message = f"cannot write {shown_path(out)}: {error.strerror or error}"
        raise StoreError("corpus.unwritable", message, hint="a full disk, a folder, or no permission") from error


def import_zip(corpus: Corpus, file: Path) -> list[Added]:
    """Take every entry of an archive into a corpus, or none and say why. Entries keep their names.

    All is unpacked and checked once before the first byte is written. *Limits*: those of `zipped`; the archive is held
    in memory, and one entry. *Errors*: `InputError`, `StoreError`.
    """
    archive = Archive(_read(file), shown_path(file), BOUNDS)
    for name, data in _contents(archive, file):
        corpus.check_size(len(data), f'"{name}"')
    return corpus.add_all(_contents(archive, file))


def _contents(archive: Archive, file: Path) -> Iterator[tuple[str, bytes]]:
    """What the archive holds. *Errors*: `InputError`."""
    try:
        yield from archive.contents()
    except ArchiveFlaw as flaw:
        raise InputError(f"corpus.{flaw.reason}", flaw.message, hint=flaw.hint, where=Where(shown_path(file))) from flaw


def _read(file: Path) -> bytes:
    shown = shown_path(file)
    try:
        with file.open("rb") as stream:
            data = stream.read(BOUNDS.archive_bytes_max + 1)
    except OSError as error:
        message = f"cannot read {shown}: {error.strerror or error}"
        raise InputError("corpus.unreadable", message, hint="name a zip archive", where=Where(shown)) from error
    if len(data) > BOUNDS.archive_bytes_max:
        message = f"the archive has more than {BOUNDS.archive_bytes_max:,} bytes"
        hint = "copy the files: corpora are merged by copying one folder into the other"
        raise InputError("corpus.too_large", message, hint=hint, where=Where(shown))
    return data


def _check(corpus: Corpus, entries: list[Entry]) -> None:
    """Whether an import would take these. *Errors*: `InputError`."""
    hint = "copy the folder instead: corpora are merged by copying one into the other"
    if len(entries) > ENTRIES_MAX:
        message = f"{corpus.shown} has more than {ENTRIES_MAX:,} entries, which no import takes"
        raise InputError("corpus.too_many", message, hint=hint)
    if sum(entry.size_bytes for entry in entries) > TOTAL_BYTES_MAX:
        message = f"{corpus.shown} has more than {TOTAL_BYTES_MAX:,} bytes, which no import takes"
        raise InputError("corpus.too_large", message, hint=hint)
    seen: dict[str, str] = {}
    for name, _ in entries:
        if flaw := flaw_of(name):
            message = f'the name of the entry "{name}" {flaw}'
            raise InputError("corpus.bad_name", message, hint="rename it", where=Where(corpus.shown))
        other = seen.setdefault(same_name(name), name)
        if other != name:
            message = f'"{other}" and "{name}" are one name where case does not count'
            raise InputError("corpus.duplicate", message, hint="rename one of them", where=Where(corpus.shown))


def _write(corpus: Corpus, entries: list[Entry], path: Path) -> Exported:
    size_bytes = 0

    def contents() -> Iterator[tuple[str, bytes]]:
        nonlocal size_bytes
        for entry in entries:
            data = corpus.read(entry.name)
            size_bytes += len(data)
            yield entry.name, data

    write_zip(path, contents())
    return Exported(len(entries), size_bytes, path.stat().st_size)


def _exists(out: Path) -> StoreError:
    return StoreError(
        "corpus.exists", f"{shown_path(out)} exists already; nothing was written", hint="--force overwrites it"
    )
