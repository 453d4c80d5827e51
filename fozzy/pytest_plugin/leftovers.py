"""What a test leaves behind: toxics in force, children, sockets that listen.

Rule 1: what was there when the body of the test began is not its doing; fixtures for several tests may live on.
Rule 2: where the system does not tell (no /proc), it is not looked for.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from fozzy import wall

OWN = Path("/proc/self")
LISTENS = "0A"
SOON_S = 2.0  # a child that was told to end needs a moment
LOOK_NS = 5 * 10**6


class Before(NamedTuple):
    """What there was."""

    children: frozenset[int]
    listening: frozenset[str]


def now() -> Before:
    """What there is."""
    return Before(frozenset(children()), frozenset(listening()))


def children() -> dict[int, str]:
    """Living children of this process, with their command lines."""
    found = {}
    for listed in OWN.glob("task/*/children"):
        for pid in _read(listed).split():
            state = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
            if state and state[0] != "Z":
                found[int(pid)] = _read(Path(f"/proc/{pid}/cmdline")).replace("\0", " ").strip()
    return found


def listening() -> dict[str, str]:
    """Sockets of this process that listen, by their inode, with their addresses."""
    table = {}
    for name in ("tcp", "tcp6"):
        for line in _read(OWN / "net" / name).splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS:
                table[fields[9]] = f"port {int(fields[1].rpartition(':')[2], 16)}"
    return {} if not table else {inode: table[inode] for inode in _sockets() if inode in table}


def left_behind(before: Before) -> list[str]:
    """What is there now and was not; waits a moment for children that are ending."""
    elapsed_ns = wall.stopwatch()
    while _new_children(before) and elapsed_ns() < SOON_S * 1e9:
        wall.pause_ns(LOOK_NS)
    said = [f"a child process: {pid} {command}" for pid, command in _new_children(before).items()]
    new = {inode: place for inode, place in listening().items() if inode not in before.listening}
    return [*said, *(f"a socket that listens: {place}" for place in new.values())]


def _new_children(before: Before) -> dict[int, str]:
    known = before.children | _of_services()
    return {
        pid: command
        for pid, command in children().items()
        if pid not in known and "multiprocessing.resource_tracker" not in command
    }


def _of_services() -> set[int]:
    """Services of ours, which are judged where they are given to a test; one that was started again has another number."""
    if "fozzy.chaos.services.service" not in sys.modules:
        return set()
    from fozzy.chaos.services.service import pids_running

    return pids_running()


def _sockets() -> list[str]:
    found = []
    for each in (OWN / "fd").glob("*"):
        try:
            target = os.readlink(each)
        except OSError:
            continue
        if target.startswith("socket:["):
            found.append(target[8:-1])
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
