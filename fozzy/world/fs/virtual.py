"""Files in memory, empty at the start of every run."""

from __future__ import annotations

from pathlib import PurePosixPath

from fozzy.core.blob import Blob
from fozzy.core.limits import Limits
from fozzy.world.failure import Failure
from fozzy.world.fs.base import FsContent, FsDone, FsWrote, path_problem


class VirtualFs:
    """A dictionary of files. *Limits*: `file_bytes_max` per file."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._files: dict[str, bytes] = {}

    def read(self, path: str) -> FsContent:
        """The file's content."""
        problem = path_problem(path)
        if problem:
            return FsContent(failure=problem)
        data = self._files.get(_plain(path))
        if data is None:
            return FsContent(failure=Failure("not_found", f"there is no file {path!r}"))
        return FsContent(data=Blob.of(data))

    def write(self, path: str, data: bytes) -> FsWrote:
        """Keep the file's content."""
        problem = path_problem(path)
        if problem:
            return FsWrote(failure=problem)
        if len(data) > self._limits.file_bytes_max:
            return FsWrote(failure=too_large(path, self._limits.file_bytes_max))
        previous = self._files.get(_plain(path))
        self._files[_plain(path)] = data
        return FsWrote(previous=None if previous is None else Blob.of(previous))

    def snapshot(self) -> dict[str, bytes]:
        """All files as they are now."""
        return dict(self._files)

    def restore(self, token: dict[str, bytes]) -> FsDone:
        """All files as they were."""
        self._files = dict(token)
        return FsDone()


def too_large(path: str, bytes_max: int) -> Failure:
    """The failure for a file over the limit."""
    return Failure("limit", f"{path!r} is larger than file_bytes_max, {bytes_max} bytes")


def _plain(path: str) -> str:
    return str(PurePosixPath(path))
