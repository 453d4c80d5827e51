"""What bounds user code from inside its interpreter: memory, descendants, descriptors that are not its own.

Runs in the interpreter of the user's code, so it imports nothing but the standard library. What a system does not have
is left out: memory is bounded where `RLIMIT_AS` is heeded (Linux), descendants that left their group are found on Linux.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from functools import cache
from typing import Any

DESCRIPTOR_MIN = 200  # ours stand above those that a program closes to be tidy
SWEEPS_MAX = 1000
SWEEP_PAUSE_S = 0.001
POLL_S = 0.0005
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # prctl(2)


def bound_memory(bytes_max: int, for_good: bool) -> None:
    """Let this process have `bytes_max` bytes of addresses more than it has now."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as statm:
            used = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = used + bytes_max if hard == resource.RLIM_INFINITY else min(used + bytes_max, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, soft if for_good else hard))
    except (ImportError, OSError, ValueError):
        return


def end_with_parent() -> None:
    """Be killed when the parent ends."""
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL) if hasattr(signal, "SIGKILL") else 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):
        _library().prctl(option, value, 0, 0, 0)


@cache
def _library() -> Any:
    """The C library. *Limits*: one is remembered."""
    import ctypes

    return ctypes.CDLL(None)


def children() -> list[int]:
    """The processes this one is the parent of."""
    pid = os.getpid()
    with suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as listed:
        return [int(each) for each in listed.read().split()]
    return []


def sweep() -> bool:
    """Kill and collect every child, and whoever is orphaned by that. Tells whether none is left."""
    for _ in range(SWEEPS_MAX):
        left = children()
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        collect()
        if not left:
            return True
        if children():
            time.sleep(SWEEP_PAUSE_S)
    return False


def collect() -> None:
    """Collect every child that has ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def status_by(pid: int, grace_ns: int) -> int | None:
    """The exit code of a child that ends within a grace, less than 0 for a signal. Where that can be, it is left to be
    collected, so that its number stays its own."""
    end_s = time.monotonic() + grace_ns / 1e9
    while True:
        with suppress(OSError):
            if hasattr(os, "waitid"):
                seen = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if seen is not None:
                    return int(seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status)
            else:
                collected, status = os.waitpid(pid, os.WNOHANG)
                if collected:
                    return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= end_s:
            return None
        time.sleep(POLL_S)


def high(line: socket.socket) -> socket.socket:
    """The same socket under a number that user code does not close by the way."""
    try:
        import fcntl

        number = fcntl.fcntl(line.fileno(), fcntl.F_DUPFD_CLOEXEC, DESCRIPTOR_MIN)
    except (ImportError, OSError):
        return line
    line.close()
    return socket.socket(fileno=number)


class Held:
    """The sockets of this process that a fork of user code must not have."""

    def __init__(self) -> None:
        self._lines: list[socket.socket] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._let_go)

    def add(self, line: socket.socket) -> None:
        """Have it closed in whatever is forked from now on."""
        self._lines.append(line)

    def _let_go(self) -> None:
        for line in self._lines:
            with suppress(OSError):
                line.close()
        self._lines.clear()


def quiet() -> None:
    """Give user code an empty stdin, and a stdout nobody reads."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
