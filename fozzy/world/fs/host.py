"""Real files below one root: each question is asked once, and answered from disk when nobody recorded the answer.

What a snapshot holds and a restore asks for is decided from answers alone, so that it replays without the disk.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TypeVar

from fozzy import wall
from fozzy.core.blob import Blob
from fozzy.core.choice import Answer, Choices, Live
from fozzy.core.limits import Limits
from fozzy.world.failure import Failure
from fozzy.world.fs.base import FsContent, FsDone, FsFile, FsRead, FsRestore, FsWrite, FsWrote, path_problem
from fozzy.world.fs.below import Below, Refused

A = TypeVar("A", bound=Answer)

Files = dict[str, Blob | None]  # none: there is no such file


class HostFs:
    """Files on disk, relative to `root`. *Limits*: `file_bytes_max` per file. *Errors*: none; they are in the answers.

    Only files this run wrote are covered by snapshots; what each held before its first write is kept in memory.
    """

    def __init__(self, choices: Choices, limits: Limits, root: Path) -> None:
        self._choices = choices
        self._below = Below(root, limits.file_bytes_max)
        self._original: Files = {}
        self._current: Files = {}

    def read(self, path: str) -> FsContent:
        """The file's content."""
        return self._choices.ask("fs.read", FsRead(path=_plain(path)), _timed(lambda: self._read(path)), FsContent)

    def write(self, path: str, data: bytes) -> FsWrote:
        """Write the whole file, or leave it as it was. Only a path's first write tells what it held before."""
        plain = _plain(path)
        request = FsWrite(path=plain, data=Blob.of(data), keep=plain not in self._original)
        wrote = self._choices.ask("fs.write", request, _timed(lambda: self._write(plain, data, request.keep)), FsWrote)
        if wrote.failure is None:
            self._original.setdefault(plain, wrote.previous)
            self._current[plain] = request.data
        return wrote

    def snapshot(self) -> Files:
        """The files this run has written, as they are now."""
        return dict(self._current)

    def restore(self, token: Files) -> FsDone:
        """Put the written files back as they were at `token`; asks nothing when all are."""
        wanted = {path: token.get(path, original) for path, original in self._original.items()}
        files = [FsFile(path, wanted[path]) for path in sorted(wanted) if wanted[path] != self._current[path]]
        if not files:
            return FsDone()
        done = self._choices.ask("fs.restore", FsRestore(files=files), _timed(lambda: self._restore(files)), FsDone)
        if done.failure is None:
            self._current.update((file.path, file.data) for file in files)
        return done

    def _read(self, path: str) -> FsContent:
        try:
            data = self._below.read(path)
        except Refused as refused:
            return FsContent(failure=refused.failure)
        if data is None:
            return FsContent(failure=Failure("not_found", f"there is no file {path!r}"))
        return FsContent(data=Blob.of(data))

    def _write(self, path: str, data: bytes, keep: bool) -> FsWrote:
        try:
            previous = self._below.read(path) if keep else None
            self._below.write(path, data)
        except Refused as refused:
            return FsWrote(failure=refused.failure)
        return FsWrote(previous=None if previous is None else Blob.of(previous))

    def _restore(self, files: list[FsFile]) -> FsDone:
        """Every file is tried; the first failure is told."""
        failures = []
        for file in files:
            try:
                if file.data is None:
                    self._below.remove(file.path)
                else:
                    self._below.write(file.path, file.data.data())
            except Refused as refused:
                failures.append(refused.failure)
        return FsDone(failure=failures[0] if failures else None)


def _timed(work: Callable[[], A]) -> Live[A]:
    """A live answer with the nanoseconds it took. A disk cannot be interrupted: the budget does not bound it."""

    def live(_budget_ns: int) -> tuple[A, int]:
        began = wall.elapsed_ns()
        return work(), wall.elapsed_ns() - began

    return live


def _plain(path: str) -> str:
    """One spelling per file; an unusable path stays as it is, so that the answer can say so."""
    return path if path_problem(path) else str(PurePosixPath(path))
