"""What a test leaves behind: toxics in force, children, sockets that listen.

Rule 1: what was there when the body of the test began is not its doing; fixtures for several tests may live on.
Rule 2: where the system does not tell (no /proc), it is not looked for.
"""

from __future__ import annotations

import os
import socket
import sys
from _socket import socket as RawSocket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from fozzy import wall

OWN = Path("/proc/self")
FAMILIES = (socket.AF_INET, socket.AF_INET6)
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
    """Sockets of this process that listen, by their inode, with their addresses.

    Each is asked itself: the system's table has those of all processes, and takes milliseconds to be written.
    """
    found = {}
    for inode, descriptor in _sockets():
        with suppress(OSError):  # it was closed meanwhile
            port = _listens(os.dup(descriptor))
            if port is not None:
                found[inode] = f"port {port}"
    return found


def _listens(descriptor: int) -> int | None:
    """The port on which a socket listens, if it does. *Closes*: the descriptor."""
    try:
        asked = RawSocket(fileno=descriptor)  # `socket.socket` may be a test's own
    except OSError:
        os.close(descriptor)
        raise
    try:
        if asked.family not in FAMILIES or not asked.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return None
        port: int = asked.getsockname()[1]
        return port
    finally:
        asked.close()


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


def _sockets() -> Iterator[tuple[str, int]]:
    try:
        names = os.listdir(OWN / "fd")
    except OSError:
        return
    for name in names:
        try:
            target = os.readlink(f"{OWN}/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1], int(name)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
