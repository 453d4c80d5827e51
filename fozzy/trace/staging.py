"""Files that come into a folder whole or not at all: written under hidden names, then linked to their own.

A link never replaces anything and never follows a symbolic link, so what stands in the folder stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fozzy import wall


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """A folder that exists, with those above it. What was made goes again when the rest fails. *Errors*: `OSError`."""
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for each in missing:
            with suppress(OSError):  # it was never made, or somebody has put something into it
                each.rmdir()
        raise


@contextmanager
def temporary(path: Path) -> Iterator[Path]:
    """A hidden name beside a path, for a file that is written first; gone at the end. *Errors*: `OSError`."""
    hidden = path.with_name(f".{path.name}.{wall.fresh_run_id()}.partial")
    try:
        yield hidden
    finally:
        hidden.unlink(missing_ok=True)


def claim(written: Path, path: Path) -> bool:
    """Give a file its name besides the one it has; false when the name is taken. *Errors*: `OSError`.

    Where there are no hard links the file loses the name it had.
    """
    try:
        os.link(written, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        return _claim_by_reserving(written, path)
    return True


def _claim_by_reserving(written: Path, path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    try:
        os.replace(written, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True


class Staging:
    """A hidden folder in a folder. Files wait in it until all are there; a failure takes back those that went out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting = folder / f".{wall.fresh_run_id()}.partial"
        self._tried: list[tuple[Path, Path]] = []
        self._count = 0

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is not None:
            self._take_back()
        with suppress(OSError):
            for name in os.listdir(self._waiting):
                (self._waiting / name).unlink()
            self._waiting.rmdir()

    def write(self, data: bytes) -> Path:
        """Write a file that waits. *Errors*: `OSError`."""
        if self._count == 0:
            self._waiting.mkdir()  # only here, where an interrupt already ends in `__exit__`
        path = self._waiting / str(self._count)
        self._count += 1
        path.write_bytes(data)
        return path

    def claim(self, written: Path, path: Path) -> bool:
        """As `claim`, and taken back when the rest fails. *Errors*: `OSError`."""
        if os.path.lexists(path):
            return False
        self._tried.append((written, path))
        return claim(written, path)

    def _take_back(self) -> None:
        """Remove what was put in place: what is still the file that waits, or has been moved from there."""
        for written, path in self._tried:
            with suppress(OSError):
                if not os.path.lexists(written) or os.path.samestat(os.lstat(written), os.lstat(path)):
                    path.unlink()
