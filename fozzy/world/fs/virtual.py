"""Files in memory, empty at the start of every run."""

from __future__ import annotations

from pathlib import PurePosixPath

from fozzy.core.blob import Blob
from fozzy.core.limits import Limits
from fozzy.world.failure import Failure
from fozzy.world.fs.base import FsContent, FsDone, FsWrote, path_problem


class VirtualFs:
    """A dictionary of files; a folder is there as long as a file is below it. *Limits*: `file_bytes_max` per file."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._files: dict[str, bytes] = {}
        self._folders: set[str] = set()

    def read(self, path: str) -> FsContent:
        """The file's content."""
        problem = path_problem(path)
        if problem:
            return FsContent(failure=problem)
        plain = _plain(path)
        data = self._files.get(plain)
        if data is None and plain in self._folders:
            return FsContent(failure=not_regular(path))
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
        plain = _plain(path)
        previous = self._files.get(plain)
        if previous is None:
            problem = self._make_room(plain)
            if problem:
                return FsWrote(failure=problem)
        self._files[plain] = data
        return FsWrote(previous=None if previous is None else Blob.of(previous))

    def snapshot(self) -> dict[str, bytes]:
        """All files as they are now."""
        return dict(self._files)

    def restore(self, token: dict[str, bytes]) -> FsDone:
        """All files as they were."""
        self._files = dict(token)
        self._folders = {str(folder) for path in token for folder in PurePosixPath(path).parents}
        return FsDone()

    def _make_room(self, path: str) -> Failure | None:
        """Make the folders of a new file; why it cannot be, when a folder or a file is in its way."""
        if path in self._folders:
            return not_regular(path)
        folders = [str(folder) for folder in PurePosixPath(path).parents]
        for folder in reversed(folders):
            if folder in self._files:
                return no_folder(folder)
        self._folders.update(folders)
        return None


def too_large(path: str, bytes_max: int) -> Failure:
    """The failure for a file over the limit."""
    return Failure("limit", f"{path!r} is larger than file_bytes_max, {bytes_max} bytes")


def not_regular(path: str) -> Failure:
    """The failure for a folder, a link, a device where a file should be."""
    return Failure("denied", f"{path!r} is not a regular file")


def no_folder(path: str) -> Failure:
    """The failure for a file where a folder should be."""
    return Failure("denied", f"{path!r} is not a folder")


def _plain(path: str) -> str:
    return str(PurePosixPath(path))
