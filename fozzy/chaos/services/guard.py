"""A guard: a shell that outlives us by a moment, ends a service whose tests were killed, and takes its folder away.

It reads from a pipe that only we can write to. Each line is all processes there are; at the end of the pipe it acts.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterable
from pathlib import Path

_SCRIPT = """
while read -r line; do known=$line; done
for each in $known; do kill -KILL "$each"; kill -KILL "-$each"; done 2>/dev/null
exec rm -rf -- "$0"
"""


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
