"""Less memory and less processor time for processes that run, without control groups.

Memory is RLIMIT_AS, set from outside by prlimit(2), on Linux alone. It counts addresses and not what is held, and most
programs reserve far more than they use; so the limit is what is reserved and unused now, and the memory on top.
Processor time is SIGSTOP and SIGCONT in turn.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from fozzy.chaos.services import processes
from fozzy.errors import UsageError

MB = 1 << 20
TURN_S = 0.1
JOIN_S = 10.0
RLIM_INFINITY = -1  # as the system calls write it


@contextlib.contextmanager
def memory_kept_within(leader: int, memory_mb: int) -> Iterator[None]:
    """For a block a process and its children hold about so much each, and those they start. *Errors*: `UsageError`."""
    if sys.platform != "linux":
        raise UsageError("chaos.not_here", "a process that runs can be given less memory on Linux alone")
    soft, hard = _limit(leader)
    try:
        for pid in processes.family(leader):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                _set_limit(pid, _addresses(pid, memory_mb * MB), hard)
        yield
    finally:
        for pid in processes.family(leader):
            with contextlib.suppress(ProcessLookupError):
                _set_limit(pid, soft, hard)


def _limit(pid: int) -> tuple[int, int]:
    """The limit of addresses of a process, and how far it may be raised."""
    line = next(line for line in _proc(pid, "limits") if line.startswith("Max address space"))
    soft, hard = (RLIM_INFINITY if word == "unlimited" else int(word) for word in line.split()[3:5])
    return soft, hard


def _set_limit(pid: int, soft: int, hard: int) -> None:
    """Set it, as the process's own user where root may not. *Errors*: `ProcessLookupError`, `UsageError`."""
    from resource import RLIMIT_AS, prlimit

    try:
        prlimit(pid, RLIMIT_AS, (soft, hard))
    except PermissionError:
        _set_limit_as_its_user(pid, soft)


def _set_limit_as_its_user(pid: int, soft: int) -> None:
    """Root in a container may change users but not the limits of others: util-linux's `prlimit` does it as them."""
    program, owner = shutil.which("prlimit"), os.stat(f"/proc/{pid}")
    if program is not None and os.geteuid() == 0:
        said = "unlimited" if soft == RLIM_INFINITY else str(soft)
        words = [program, "--pid", str(pid), f"--as={said}:"]
        whom: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        if subprocess.run(words, capture_output=True, check=False, cwd="/", **whom).returncode == 0:
            return
    raise UsageError("chaos.not_here", "this user may not limit that process", hint="run the tests as its user")


class Throttle:
    """For a block a process and its children run for a share of the time. *Closes*: as a context; then all run.

    `leader` is none while they are not to be touched, since they are dead or stand still for another reason; nobody who
    has `lock` makes that otherwise meanwhile.
    """

    def __init__(self, leader: Callable[[], int | None], share: float, lock: AbstractContextManager[Any]) -> None:
        self._leader = leader
        self._share = share
        self._lock = lock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fozzy-throttle", daemon=True)

    def __enter__(self) -> Throttle:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._over.is_set():
            if self._share < 1:
                self._with_leader(processes.stop)
            self._over.wait(TURN_S * (1 - self._share))
            self._with_leader(_let_run)
            self._over.wait(TURN_S * self._share)

    def _with_leader(self, act: Callable[[int], object]) -> None:
        with self._lock:
            leader = self._leader()
            if leader is not None:
                act(leader)


def _let_run(leader: int) -> None:
    processes.send(processes.family(leader), signal.SIGCONT)


def _addresses(pid: int, memory_bytes: int) -> int:
    """The limit in addresses for a limit of memory."""
    held = {"VmSize": 0, "VmRSS": 0}
    for line in _proc(pid, "status"):
        name, _, rest = line.partition(":")
        if name in ("VmSize", "VmRSS"):
            held[name] = int(rest.split()[0]) * 1024
    return memory_bytes + held["VmSize"] - held["VmRSS"]


def _proc(pid: int, name: str) -> list[str]:
    return Path(f"/proc/{pid}/{name}").read_text(encoding="ascii", errors="replace").splitlines()
