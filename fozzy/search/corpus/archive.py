"""A corpus as one file: a zip archive, the same bytes wherever it is made, taken back whole or not at all.

Entries are stored, not compressed: what deflate makes of them depends on the library's version, and an input of a
million zeros would be refused as a bomb. What an import would refuse is not exported.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from fozzy.errors import InputError, StoreError, Where
from fozzy.search.corpus.names import flaw_of, same_name
from fozzy.search.corpus.staging import claim, made_folder, temporary
from fozzy.search.corpus.store import Added, Corpus, Entry
from fozzy.search.corpus.zipped import ARCHIVE_BYTES_MAX, ENTRIES_MAX, TOTAL_BYTES_MAX, Archive
from fozzy.trace.finalize import shown_path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip archive knows
_MODE = 0o100644 << 16
_UNIX = 3  # who made it, whoever did


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
    archive = Archive(_read(file), shown_path(file))
    for name, data in archive.contents():
        corpus.check_size(len(data), f'"{name}"')
    return corpus.add_all(archive.contents())


def _read(file: Path) -> bytes:
    shown = shown_path(file)
    try:
        with file.open("rb") as stream:
            data = stream.read(ARCHIVE_BYTES_MAX + 1)
    except OSError as error:
        message = f"cannot read {shown}: {error.strerror or error}"
        raise InputError("corpus.unreadable", message, hint="name a zip archive", where=Where(shown)) from error
    if len(data) > ARCHIVE_BYTES_MAX:
        message = f"the archive has more than {ARCHIVE_BYTES_MAX:,} bytes"
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
    with ZipFile(path, "x", ZIP_STORED) as archive:
        for entry in entries:
            data = corpus.read(entry.name)
            size_bytes += len(data)
            header = ZipInfo(entry.name, _EPOCH)
            header.create_system, header.external_attr = _UNIX, _MODE
            archive.writestr(header, data)
    return Exported(len(entries), size_bytes, path.stat().st_size)


def _exists(out: Path) -> StoreError:
    return StoreError(
        "corpus.exists", f"{shown_path(out)} exists already; nothing was written", hint="--force overwrites it"
    )
