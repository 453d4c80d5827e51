"""The memory of a program and all it started, as seen from outside while it runs. On Linux; elsewhere it is not seen.

What is told is a lower bound: the most that was seen at one time. The first look comes at once and the next ones at
growing distances up to `LOOK_S`, so a look costs little and a short program is seen at least once. Each look also
takes the kernel's own mark of the most the first process ever held, which no look can miss while it lives.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

LOOKS_S = (0.001, 0.002, 0.005, 0.01, 0.02)
LOOK_S = 0.05
PROCESSES_MAX = 1024  # of one tree; more are not added up


def looks() -> Iterator[float]:
    """The distances between looks, in seconds, without end."""
    yield from LOOKS_S
    while True:
        yield LOOK_S


def tree_bytes(leader: int) -> int:
    """What a process and its descendants hold now, or the most the first one ever held, if that is more."""
    held = sum(_resident_bytes(pid) for pid in _tree(leader))
    return max(held, _mark_bytes(leader))


def _tree(leader: int) -> Iterator[int]:
    waiting, seen = [leader], 0
    while waiting and seen < PROCESSES_MAX:
        pid = waiting.pop()
        seen += 1
        yield pid
        with suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            waiting += map(int, children.read().split())


def _resident_bytes(pid: int) -> int:
    with suppress(OSError, IndexError), open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _mark_bytes(pid: int) -> int:
    with suppress(OSError), open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
