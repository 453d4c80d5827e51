"""A real pseudo-terminal with fozzy on it: what is typed there, what is seen, and whether it is left as it was."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")
SOON_S = 30.0
ROOT = Path(__file__).parent.parent.parent


class Seat:
    """A person at a terminal of 80 columns, who has typed a command line of fozzy."""

    def __init__(self, folder: Path, *words: str, rows: int = 24, **more: str) -> None:
        import fcntl
        import struct

        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
        self.before = termios.tcgetattr(self.theirs)
        env = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "COLUMNS")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fozzy", *words],
            cwd=folder,
            env={**env, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "PYTHONUTF8": "1", **more},
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.said = ""

    def sees(self, pattern: str) -> re.Match[str]:
        """Wait until something is on the screen; what was there before is forgotten."""
        end_s = time.monotonic() + SOON_S
        while time.monotonic() < end_s:
            found = re.search(pattern, self.said)
            if found:
                self.said = self.said[found.start() :] if found.start() else self.said
                return found
            self._read(0.05)
        raise AssertionError(f"no {pattern!r} in {self.said!r}")

    def types(self, keys: str) -> None:
        """Press keys; from now on only what is painted then counts."""
        while self._read(0.02):
            pass
        self.said = ""
        os.write(self.ours, keys.encode())

    def ends(self) -> int:
        """Its status, after all it says."""
        end_s = time.monotonic() + SOON_S
        while self.process.poll() is None and time.monotonic() < end_s:
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.wait(SOON_S)

    def hides_keys(self) -> None:
        """Wait until what is typed is not shown any more."""
        end_s = time.monotonic() + SOON_S
        while termios.tcgetattr(self.theirs)[3] & termios.ECHO:
            assert time.monotonic() < end_s
            time.sleep(0.01)

    def is_as_before(self) -> bool:
        """Whether the terminal is as it was found."""
        return bool(termios.tcgetattr(self.theirs) == self.before)

    def close(self) -> None:
        """Leave."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def stops(self) -> None:
        """Wait until it has stopped, as Ctrl-Z has it, and given the terminal back."""
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)
        assert self.is_as_before()

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.ours], [], [], seconds)
        if ready:
            data = os.read(self.ours, 65536).decode("utf-8", "replace")
            self.said += re.sub(r"\x1b\[[0-9;]*m", "", data)
        return bool(ready)
