"""What a test leaves behind: processes, by a word in their command line or as children of this one."""

from __future__ import annotations

import os
import subprocess
import time

SOON_S = 10.0  # for what must come, on a machine that is busy with other things


def processes(word: str) -> list[str]:
    """The command lines of living processes that have a word in them."""
    listed = subprocess.run(["ps", "-wweo", "stat=,pid=,args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if word in line and not line.startswith("Z")]


def gone(word: str) -> bool:
    """Whether all such processes end soon."""
    end_s = time.monotonic() + SOON_S
    while processes(word):
        if time.monotonic() > end_s:
            return False
        time.sleep(0.01)
    return True


def children() -> set[int]:
    """The processes this one has begun and not collected, dead ones too. Servers that other tests share are among them."""
    listed = subprocess.Popen(["ps", "-eo", "pid=,ppid="], stdout=subprocess.PIPE, text=True)
    said, _ = listed.communicate()
    rows = (map(int, line.split()) for line in said.splitlines())
    return {pid for pid, parent in rows if parent == os.getpid()} - {listed.pid}
