"""A guard: a shell that outlives us by a moment, ends a service whose tests were killed, and takes its folder away.

It reads from a pipe that only we can write to. Each line is all processes there are; at the end of the pipe it acts.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fozzy.errors import UsageError

_SCRIPT = """
while read -r line; do known=$line; done
for each in $known; do kill -KILL "$each"; kill -KILL "-$each"; done 2>/dev/null
exec rm -rf -- "$0"
"""


def private_folder() -> Path:
    """A new folder for a service, which its guard takes away. *Limits*: short, since the path of a socket has at most 104
    bytes on macOS. *Errors*: `UsageError` `chaos.no_program` on Windows, where nobody could guard it."""
    if os.name != "posix":
        hint = "run these tests on Linux or macOS, or in WSL"
        raise UsageError("chaos.no_program", "services are started on Linux and macOS only", hint=hint)
    return Path(tempfile.mkdtemp(prefix="fz-", dir="/tmp"))


class Guard:
    """For one service. *Closes*: `dismiss`, once all is taken away in good order."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # what ends us does not end it
        )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def watch(self, pids: Iterable[int]) -> None:
        """These are all there are."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{' '.join(map(str, pids))}\n".encode())
            self._process.stdin.flush()

    def dismiss(self) -> None:
        """There is nothing left to guard."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
