"""Strays: descendants of a process that left its group. Found on Linux, by walking /proc; elsewhere there are none.

A process belongs to a family when it is in the leader's session, descends from a member, or writes to a pipe the
leader was given. One that did none of these (a daemon with its own session, its output closed and its parent gone)
cannot be told from a stranger and is left alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


class Stray(NamedTuple):
    """A process, told from a later one with the same number by when it started."""

    pid: int
    started: int


class _Entry(NamedTuple):
    pid: int
    parent: int
    group: int
    session: int
    started: int


def strays_of(leader: int, pipes: frozenset[str]) -> set[Stray]:
    """The living family of `leader` outside its group; `pipes` are names as in `pipe:[123]`."""
    table = list(_processes())
    family = {entry.pid for entry in table if leader in (entry.pid, entry.session) or _writes_to(entry.pid, pipes)}
    family.add(leader)
    while more := {entry.pid for entry in table if entry.parent in family} - family:
        family |= more
    family.discard(os.getpid())
    return {Stray(entry.pid, entry.started) for entry in table if entry.pid in family and entry.group != leader}


def pipe_names(descriptors: Iterable[int]) -> frozenset[str]:
    """How /proc calls these pipes."""
    return frozenset(f"pipe:[{os.fstat(descriptor).st_ino}]" for descriptor in descriptors)


def started_at(pid: int) -> int:
    """When a process started, in the system's ticks; 0 when that cannot be known."""
    entry = _entry(str(pid))
    return 0 if entry is None else entry.started


def is_alive(stray: Stray) -> bool:
    """Whether it still runs; one that waits to be collected does not."""
    entry = _entry(str(stray.pid))
    return entry is not None and entry.started == stray.started


def signal_strays(strays: Iterable[Stray], number: int) -> None:
    """Send a signal to those still alive."""
    for stray in strays:
        if is_alive(stray):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(stray.pid, number)


def _processes() -> Iterator[_Entry]:
    try:
        names = os.listdir(_PROC)
    except OSError:
        return  # no /proc on this system
    for name in names:
        entry = _entry(name) if name.isdigit() else None
        if entry is not None:
            yield entry


def _entry(name: str) -> _Entry | None:
    """One line of /proc/PID/stat (proc(5)); the program's name stands in brackets and may itself hold brackets."""
    try:
        fields = (_PROC / name / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    if not fields or fields[0] in b"ZX":
        return None
    return _Entry(int(name), int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def _writes_to(pid: int, pipes: frozenset[str]) -> bool:
    for descriptor in ("1", "2"):
        with suppress(OSError):
            if os.readlink(_PROC / str(pid) / "fd" / descriptor) in pipes:
                return True
    return False
