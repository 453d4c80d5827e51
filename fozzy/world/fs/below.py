"""Files strictly below a folder: no way out through `..` or a symbolic link, and nothing but regular files.

Where the system can open relative to a folder already open, every component is opened so, without following links:
no race can lead out. Elsewhere (Windows) the folder's resolved path is compared, which such a race could beat.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from fozzy.world.failure import Failure, FailureKind
from fozzy.world.fs.base import path_problem
from fozzy.world.fs.virtual import no_folder, not_regular, too_large

ANCHORED = {os.open, os.mkdir, os.stat, os.unlink, os.rmdir, os.rename} <= os.supports_dir_fd
CHUNK_BYTES = 1024 * 1024
NAME_TRIES_MAX = 100  # leftovers of a killed run with our process number

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NOFOLLOW
_READ = os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a FIFO must not block
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | getattr(os, "O_BINARY", 0)

_KIND_OF_ERRNO: dict[int, FailureKind] = {
    errno.ENOENT: "not_found",
    errno.ENOTDIR: "not_found",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.ELOOP: "denied",
    errno.EISDIR: "denied",
    errno.EROFS: "denied",
}


class Refused(Exception):
    """Why a file cannot be used, as a failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Folder:
    """One open folder; its methods take names without `/`. *Closes*: by `close`."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self._path = path
        self._descriptor = descriptor

    def close(self) -> None:
        """Close it, at most once."""
        if self._descriptor is not None:
            os.close(self._descriptor)

    def at(self, name: str) -> str:
        """How the functions of `os` name an entry, together with `near`."""
        return name if self._descriptor is not None else str(self._path / name)

    @property
    def near(self) -> dict[str, Any]:
        """What they need besides."""
        return {} if self._descriptor is None else {"dir_fd": self._descriptor}

    def mode(self, name: str) -> int | None:
        """The mode of an entry, not following a link; none when there is no entry."""
        try:
            return os.stat(self.at(name), follow_symlinks=False, **self.near).st_mode
        except FileNotFoundError:
            return None

    def open(self, name: str, flags: int) -> int:
        """Open an entry. *Closes*: the caller closes it."""
        return os.open(self.at(name), flags, 0o666, **self.near)

    def enter(self, name: str) -> Folder:
        """A folder in this one. *Errors*: `OSError` when it is a link by now."""
        path = self._path / name
        if self._descriptor is not None:
            return Folder(path, os.open(name, _FOLDER, dir_fd=self._descriptor))
        if not path.resolve().is_relative_to(self._path.resolve()):  # a junction is a folder to `stat`
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        return Folder(path, None)

    def rename(self, name: str, to: str) -> None:
        """Rename an entry, replacing another."""
        near = {} if self._descriptor is None else {"src_dir_fd": self._descriptor, "dst_dir_fd": self._descriptor}
        os.replace(self.at(name), self.at(to), **near)


class Below:
    """Reads, writes and removes files below `root`. *Limits*: `bytes_max` per file. *Errors*: `Refused`."""

    def __init__(self, root: Path, bytes_max: int) -> None:
        self._root = root
        self._bytes_max = bytes_max
        self._made: set[PurePosixPath] = set()  # folders, so that removing what was created removes them too

    def read(self, path: str) -> bytes | None:
        """What the file holds, none when there is no file."""
        with self._folder_of(path, make=False) as folder:
            return None if folder is None else self._read(folder, path)

    def write(self, path: str, data: bytes) -> None:
        """Replace the whole file at once, or leave it as it was; missing folders are made."""
        if len(data) > self._bytes_max:
            raise Refused(too_large(path, self._bytes_max))
        with self._folder_of(path, make=True) as folder:
            assert folder is not None
            mode = self._regular_mode(folder, path)
            self._replace(folder, PurePosixPath(path).name, data, mode)

    def remove(self, path: str) -> None:
        """Remove the file if there is one, and then the folders that were made for it and are empty."""
        with self._folder_of(path, make=False) as folder:
            if folder is not None and self._regular_mode(folder, path) is not None:
                os.unlink(folder.at(PurePosixPath(path).name), **folder.near)
        for parent in PurePosixPath(path).parents:
            if parent not in self._made or not self._remove_folder(str(parent)):
                return
            self._made.discard(parent)

    def _read(self, folder: Folder, path: str) -> bytes | None:
        if self._regular_mode(folder, path) is None:
            return None
        descriptor = folder.open(PurePosixPath(path).name, _READ)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Refused(not_regular(path))  # it was replaced since we looked
            data = bytearray()
            while chunk := file.read(CHUNK_BYTES):
                data += chunk
                if len(data) > self._bytes_max:
                    raise Refused(too_large(path, self._bytes_max))
        return bytes(data)

    def _replace(self, folder: Folder, name: str, data: bytes, mode: int | None) -> None:
        temporary, descriptor = _temporary(folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if mode is not None and hasattr(os, "fchmod"):
                    os.fchmod(descriptor, stat.S_IMODE(mode))
                file.write(data)
            folder.rename(temporary, name)
        except BaseException:
            with suppress(OSError):
                os.unlink(folder.at(temporary), **folder.near)
            raise

    def _regular_mode(self, folder: Folder, path: str) -> int | None:
        mode = folder.mode(PurePosixPath(path).name)
        if mode is not None and not stat.S_ISREG(mode):
            raise Refused(not_regular(path))
        return mode

    def _remove_folder(self, path: str) -> bool:
        with self._folder_of(path, make=False) as folder:
            if folder is None:
                return True
            try:
                os.rmdir(folder.at(PurePosixPath(path).name), **folder.near)
            except OSError:
                return False  # somebody else put something there
        return True

    @contextmanager
    def _folder_of(self, path: str, make: bool) -> Iterator[Folder | None]:
        """The folder a file is in; none when it does not exist. *Errors*: `Refused`, also for what the block meets."""
        problem = path_problem(path) or _foreign(path)
        if problem:
            raise Refused(problem)
        folder: Folder | None = None
        try:
            folder = self._open(PurePosixPath(path), make)
            yield folder
        except (OSError, ValueError) as error:  # ValueError: a lone surrogate
            raise Refused(_failure(path, error)) from None
        finally:
            if folder is not None:
                folder.close()

    def _open(self, path: PurePosixPath, make: bool) -> Folder | None:
        folder = Folder(self._root, os.open(self._root, _FOLDER & ~_NOFOLLOW) if ANCHORED else None)
        for parent in list(path.parents)[-2::-1]:
            try:
                inner = self._enter(folder, parent, make)
            finally:
                folder.close()
            if inner is None:
                return None
            folder = inner
        return folder

    def _enter(self, folder: Folder, path: PurePosixPath, make: bool) -> Folder | None:
        mode = folder.mode(path.name)
        if mode is None and make:
            with suppress(FileExistsError):
                os.mkdir(folder.at(path.name), **folder.near)
                self._made.add(path)
        elif mode is None:
            return None
        elif stat.S_ISLNK(mode):
            raise Refused(Failure("denied", f"{str(path)!r} is a symbolic link; links are not followed"))
        elif not stat.S_ISDIR(mode):
            if make:
                raise Refused(no_folder(str(path)))
            return None
        return folder.enter(path.name)


def _temporary(folder: Folder) -> tuple[str, int]:
    for number in range(NAME_TRIES_MAX):
        name = f".fozzy-{os.getpid()}-{number}.tmp"
        with suppress(FileExistsError):
            return name, folder.open(name, _CREATE)
    raise FileExistsError(errno.EEXIST, "too many temporary files of fozzy are left here")


def _foreign(path: str) -> Failure | None:
    """Where `/` is not the system's separator, its own would lead around the checks."""
    if os.sep != "/" and set(path) & {"\\", ":"}:
        return Failure("denied", f"{path!r} holds a character that has a meaning of its own on this system")
    return None


def _failure(path: str, error: OSError | ValueError) -> Failure:
    if not isinstance(error, OSError):
        return Failure("denied", f"{path!r} is not a usable path")
    return Failure(_KIND_OF_ERRNO.get(error.errno or 0, "io"), f"{path!r}: {error.strerror or error}")
