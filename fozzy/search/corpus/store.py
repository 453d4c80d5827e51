"""The corpus: a folder of inputs. An entry is a file; its content is the input, byte for byte.

Rule 1: an entry we write is named by the first 16 hex digits of the blake3 of its content. So equal inputs are one
entry, and copying one folder into another merges them.
Rule 2: files of other names that people put there are entries too and keep their names. Hidden files, folders, symbolic
links and devices are not: they are never read and never replaced.
Rule 3: nothing depends on the order in which a folder is read, and nothing half written is ever seen.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from fozzy.errors import InputError, StoreError, Where
from fozzy.search.corpus.names import names_of
from fozzy.trace.entry_names import is_hidden
from fozzy.trace.finalize import shown_path
from fozzy.trace.staging import Staging, claim, made_folder, temporary

ENTRY_BYTES_MAX = 1 << 20  # longer inputs find nothing that shorter ones do not, and cost every execution
ENTRIES_MAX = 100_000  # a folder of more is slow to list, and most of it finds nothing
CORPORA_MAX = 10_000  # more targets of one project are a mistake

_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Entry(NamedTuple):
    """One input, not yet read."""

    name: str
    size_bytes: int


class Added(NamedTuple):
    """What became of an input that was added. `is_new` is false when it was there already."""

    name: str
    size_bytes: int
    is_new: bool


class Corpus:
    """The inputs in one folder. A folder that does not exist is an empty corpus; the first entry makes it."""

    def __init__(self, folder: Path, *, entry_bytes_max: int = ENTRY_BYTES_MAX, entries_max: int = ENTRIES_MAX) -> None:
        self.folder = folder
        self.entry_bytes_max = entry_bytes_max
        self.entries_max = entries_max
        self._count: int | None = None  # of the entries, as far as we know

    @property
    def shown(self) -> str:
        """The folder for people."""
        return shown_path(self.folder)

    def entries(self) -> list[Entry]:
        """Every entry, sorted by name. *Errors*: `StoreError`; one too many entries."""
        try:
            with os.scandir(self.folder) as listing:
                found = sorted(self._bounded(entry for each in listing for entry in _entry(each)))
        except FileNotFoundError:
            found = []
        except OSError as error:
            raise _unreadable(self.folder, error) from error
        self._count = len(found)
        return found

    def read(self, name: str) -> bytes:
        """An entry's content. *Errors*: `StoreError`, `InputError` when it is too large."""
        path = self._path(name)
        try:
            descriptor = os.open(path, _READ)
            with open(descriptor, "rb") as stream:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode) or path.is_symlink():
                    raise self._unknown(name)
                data = stream.read(self.entry_bytes_max + 1)
        except OSError as error:
            if not os.path.isfile(path) or os.path.islink(path):
                raise self._unknown(name) from error
            raise _unreadable(path, error) from error
        self.check_size(len(data), shown_path(path))
        return data

    def add(self, data: bytes) -> Added:
        """Keep an input under the name of its content. *Errors*: `StoreError`; `InputError` when it is too large."""
        self.check_size(len(data), "an input")
        first = next(names_of(data))
        if self._holds(first, data):
            return Added(first, len(data), False)
        with self._writing(), temporary(self.folder / first) as hidden:
            hidden.write_bytes(data)
            return self._placed(names_of(data), data, partial(claim, hidden))

    def add_all(self, inputs: Iterable[tuple[str, bytes]]) -> list[Added]:
        """Keep named inputs, all or none. A name that another content has taken gives way to the content's own.

        *Errors*: `StoreError`; `InputError` when one is too large, or whatever the iterable raises.
        """
        with self._writing(), Staging(self.folder) as staging:
            waiting = [(name, staging.write(self._checked(name, data))) for name, data in inputs]
            return [self._put(staging, name, written) for name, written in waiting]

    def remove(self, name: str) -> None:
        """Remove an entry. *Errors*: `StoreError`."""
        path = self._path(name)
        try:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise self._unknown(name)
            path.unlink()
        except FileNotFoundError as error:
            raise self._unknown(name) from error
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        self._count = None if self._count is None else self._count - 1

    def check_size(self, size_bytes: int, shown: str) -> None:
        """Hold an input against the limit. *Errors*: `InputError`."""
        if size_bytes > self.entry_bytes_max:
            raise InputError(
                "corpus.too_large",
                f"{shown} has more than {self.entry_bytes_max:,} bytes",
                hint="a corpus holds small inputs: cut it down to what matters",
            )

    def _checked(self, name: str, data: bytes) -> bytes:
        self.check_size(len(data), f'the input "{name}"')
        return data

    def _put(self, staging: Staging, wanted: str, written: Path) -> Added:
        data = written.read_bytes()
        return self._placed((wanted, *names_of(data)), data, partial(staging.claim, written))

    def _placed(self, names: Iterable[str], data: bytes, claim: Callable[[Path], bool]) -> Added:
        """Give an input the first of several names that is free, or already its own."""
        tried = []
        for name in names:
            if self._holds(name, data):
                return Added(name, len(data), False)
            if self._has_room() and claim(self.folder / name):
                self._count = (self._count or 0) + 1
                return Added(name, len(data), True)
            tried.append(name)
        message = f'every name for "{tried[0]}" is taken in {self.shown}'
        raise StoreError("corpus.name_taken", message, hint="move what has its name away", where=Where(self.shown))

    def _has_room(self) -> bool:
        """True. *Errors*: `StoreError` when there is no room for one entry more."""
        if self._count is None:
            self.entries()
        if (self._count or 0) >= self.entries_max:
            raise self._too_many("no more than")
        return True

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The folder exists; what the system refuses is our error, and after a failure the entries are counted anew."""
        try:
            with made_folder(self.folder):
                yield
        except BaseException as error:
            self._count = None
            if isinstance(error, OSError):
                raise _unwritable(self.folder, error) from error
            raise

    def _holds(self, name: str, data: bytes) -> bool:
        """Whether an entry of this name has this content."""
        path = self.folder / name
        try:
            known = os.lstat(path)
            return stat.S_ISREG(known.st_mode) and known.st_size == len(data) and path.read_bytes() == data
        except OSError:
            return False

    def _path(self, name: str) -> Path:
        if not name or is_hidden(name) or "/" in name or "\0" in name or os.sep in name:
            raise self._unknown(name)
        return self.folder / name

    def _bounded(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for number, entry in enumerate(entries):
            if number >= self.entries_max:
                raise self._too_many("more than")
            yield entry

    def _too_many(self, held: str) -> StoreError:
        message = f"{self.shown} holds {held} {self.entries_max:,} entries"
        return StoreError("corpus.too_many", message, hint="remove entries that add nothing, or use another folder")

    def _unknown(self, name: str) -> StoreError:
        message = f'{self.shown} has no entry "{name}"'
        return StoreError("corpus.unknown_entry", message, hint="fozzy corpus list CORPUS   shows all")


def corpora(base_dir: Path) -> list[Corpus]:
    """Every corpus a project keeps for its targets, sorted. *Errors*: `StoreError`."""
    folder = base_dir / "corpus"
    try:
        with os.scandir(folder) as listing:
            names = sorted(each.name for each in listing if not is_hidden(each.name) and each.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(folder, error) from error
    if len(names) > CORPORA_MAX:
        message = f"{shown_path(folder)} has more than {CORPORA_MAX:,} corpora"
        raise StoreError("corpus.too_many", message, hint="remove those of targets that are gone")
    return [Corpus(folder / name) for name in names]


def _entry(found: os.DirEntry[str]) -> Iterator[Entry]:
    """The entry a file is, if it is one and still there."""
    try:
        if not is_hidden(found.name) and found.is_file(follow_symlinks=False):
            yield Entry(found.name, found.stat(follow_symlinks=False).st_size)
    except FileNotFoundError:
        return


def _unreadable(path: Path, error: OSError) -> StoreError:
    message = f"cannot read {shown_path(path)}: {error.strerror or error}"
    return StoreError("corpus.unreadable", message, hint="a corpus is a folder of readable files")


def _unwritable(path: Path, error: OSError) -> StoreError:
    message = f"cannot write into {shown_path(path)}: {error.strerror or error}"
    return StoreError("corpus.unwritable", message, hint="a full disk, a file in the way, or no permission")
