"""Files as questions and answers. Paths are relative to the run's root, with `/`, and never leave it."""

from pathlib import PurePosixPath
from typing import Any, ClassVar, Protocol

import msgspec

from fozzy.core.blob import EMPTY, Blob
from fozzy.core.choice import Answer, Request
from fozzy.world.failure import Failure


class FsContent(Answer, frozen=True, kw_only=True):
    """The bytes of a file, or why there are none."""

    data: Blob = EMPTY
    failure: Failure | None = None


class FsRead(Request, frozen=True, kw_only=True):
    """What does the file hold?"""

    answer: ClassVar[type[Answer]] = FsContent
    path: str


class FsWrote(Answer, frozen=True, kw_only=True):
    """The file was written whole, or not at all; `previous` is what it held before, none when it did not exist."""

    previous: Blob | None = None
    failure: Failure | None = None


class FsWrite(Request, frozen=True, kw_only=True):
    """Write this file; `keep` asks for what it held before, so that it can be put back."""

    answer: ClassVar[type[Answer]] = FsWrote
    path: str
    data: Blob
    keep: bool = False


class FsFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file as it shall be: absent when `data` is none."""

    path: str
    data: Blob | None = None


class FsDone(Answer, frozen=True, kw_only=True):
    """Done, or why not."""

    failure: Failure | None = None


class FsRestore(Request, frozen=True, kw_only=True):
    """Put these files back as they were."""

    answer: ClassVar[type[Answer]] = FsDone
    files: list[FsFile]


class Fs(Protocol):
    """A file system. `snapshot` and `restore` cover every file this run has touched."""

    def read(self, path: str) -> FsContent:
        """The file's content."""
        ...

    def write(self, path: str, data: bytes) -> FsWrote:
        """Write the whole file; missing folders are made."""
        ...

    def snapshot(self) -> Any:
        """A token for the files as they are now."""
        ...

    def restore(self, token: Any) -> FsDone:
        """Put the files back as they were at `token`; files created since are removed."""
        ...


def path_problem(path: str) -> Failure | None:
    """Why a path cannot be used, whatever the file system; none when it can."""
    if not path or "\0" in path:
        return Failure("denied", f"{path!r} is not a usable path")
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or pure.parts == ():
        return Failure("denied", f"{path!r} leads out of the working directory; paths are relative and without `..`")
    return None
