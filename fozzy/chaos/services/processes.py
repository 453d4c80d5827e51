"""A process with all its descendants: started, found, stopped, continued, killed.

Rule 1: who is to be killed is stopped first, parents before children, so nobody starts another meanwhile.
Rule 2: children that made a group of their own, as PostgreSQL's do, belong to it all the same.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fozzy.chaos.services.binaries import MISSING
from fozzy.errors import UsageError

if TYPE_CHECKING:
    import pwd

_PROC = Path("/proc")
# Where there are no such signals (Windows), no service is started; it can still be imported.
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
QUIT = getattr(signal, "SIGQUIT", signal.SIGTERM)
ROUNDS_MAX = 100  # of looking for children that were started meanwhile; their parents are stopped, so two are enough


def started(
    command: Sequence[str], log: BinaryIO, cwd: str | Path, env: Mapping[str, str], user: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    """A process that says what it says into `log`. *Errors*: `UsageError` where it cannot be started."""
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=cwd,
            env=env,
            start_new_session=True,  # Ctrl-C at the tests is not for it
            **run_as(user),
        )
    except FileNotFoundError:
        raise UsageError(MISSING, f"{command[0]} is not on this machine", hint="put it into PATH") from None
    except OSError as error:
        raise UsageError("chaos.service_failed", f"{command[0]} cannot be started: {error.strerror}") from None


def family(leader: int) -> list[int]:
    """A process and all its living descendants, parents first."""
    found, at = [leader], 0
    of = _children if _has_children_files() else _listed()
    while at < len(found):
        found += [each for each in of(found[at]) if each not in found]
        at += 1
    return found


def stop(leader: int) -> list[int]:
    """Stop them all. Returns who was stopped."""
    stopped: list[int] = []
    for _ in range(ROUNDS_MAX):
        new = [each for each in family(leader) if each not in stopped]
        if not new:
            break
        send(new, signal.SIGSTOP)
        stopped += new
    return stopped


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """A signal to each that still lives."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def send_group(leader: int) -> None:
    """Kill what is left of a group whose leader has ended."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def words_of(command: str | Sequence[str]) -> list[str]:
    """A command as words; a text is split as a shell would. *Errors*: `UsageError`."""
    if not isinstance(command, str):
        return [str(word) for word in command]
    try:
        return shlex.split(command)
    except ValueError as error:  # a quotation that nobody ends
        raise UsageError("usage.bad_value", f"the command {command!r} cannot be split into words: {error}") from None


def ended_said(status: int | None) -> str:
    """How a process ended, by what it ended with."""
    if status is None or status >= 0:
        return "ended"
    known = {each.value: each.name for each in signal.Signals}
    return f"died of {known.get(-status, f'signal {-status}')}"


def run_as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """What `subprocess` is told, so that a program runs as this user and in no group but theirs."""
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _has_children_files() -> bool:
    return (_PROC / "self" / "task" / str(os.getpid()) / "children").exists()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(_PROC / str(pid) / "task"):
            with suppress(OSError):
                found += map(int, (_PROC / str(pid) / "task" / thread / "children").read_bytes().split())
    return found


class _Listed:
    """The same where the kernel keeps no such list."""

    def __init__(self) -> None:
        said = subprocess.run(["ps", "-Ao", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        self._of: dict[int, list[int]] = {}
        for line in said.splitlines():
            pid, parent = map(int, line.split())
            self._of.setdefault(parent, []).append(pid)

    def __call__(self, pid: int) -> list[int]:
        return self._of.get(pid, [])


_listed = _Listed
