"""One interpreter for user code, as fozzy sees it: started, asked to import, asked to begin and end runs.

Rule 1: `start` is the one function that lets user code into a process, and it demands the permission.
Rule 2: whatever an interpreter does, it is ended by its process group; nothing of it is waited for without a bound.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from fozzy.world.code.addresses import unscattered
from fozzy.world.code.containment import high, status_by
from fozzy.world.code.lines import Gone, Late, Line, Stderr
from fozzy.world.code.permission import Permission
from fozzy.world.code.unsettle import asked, scatters
from fozzy.world.code.wire import pack
from fozzy.world.proc.environment import child_environment

START_NS_MAX = 30 * 10**9  # Python starts in milliseconds; a machine under load may need seconds
END_NS_MAX = 5 * 10**9  # a killed process may still hang inside the system
DIED_GRACE_MS = 1000  # from the end of the line to the end of the process
CAN_FORK = hasattr(os, "fork")

# The interpreter runs this very fozzy, wherever this one is from, and the user's modules come before it.
_START = "import sys; sys.path.append(sys.argv.pop()); from fozzy.world.code.server import main; main()"
_OURS = str(Path(__file__).parents[3])


class Key(NamedTuple):
    """What an interpreter was made for; one made for the same can be used again."""

    folders: tuple[str, ...]
    root: str
    modules: tuple[str, ...]
    memory_bytes_max: int
    env: tuple[tuple[str, str], ...]
    watch: tuple[str, ...] = ()  # what it watches of user code: see `watching`
    repeats: bool = False  # another one made for the same has its memory at the same addresses


class Interpreter:
    """A living interpreter. *Closes*: `end`; it ends by itself when fozzy does."""

    def __init__(self, process: subprocess.Popen[bytes], line: socket.socket, key: Key) -> None:
        self.key = key
        self.is_forking = CAN_FORK
        self.is_reusable = CAN_FORK
        self.stderr = Stderr(_descriptor(process))
        self.line = Line(line, self.stderr)
        self._process = process

    def ask(self, do: str, budget_ns: int = END_NS_MAX, **more: Any) -> Any:
        """Ask the server. *Errors*: `Late`, `Gone`."""
        return json.loads(self.line.ask(pack({"do": do, **more}), budget_ns))

    def begin(self, program: str = "") -> Run | None:
        """Begin a run, none when the user's files were changed since they were imported. *Errors*: `Late`, `Gone`.

        `program` is a function of ours, `module:name`, that runs in the child instead of the one that answers calls; its
        module was imported before, and there must be forks.
        """
        self.stderr.take()
        if not self.is_forking:
            self.line.socket.setblocking(True)
            self.line.socket.sendall(pack({"do": "live"}))  # its own line is the run's from here on
            self.line.socket.setblocking(False)
            return Run(self, self.line, 0)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                answer = self._begin(theirs, program)
            except BaseException:
                ours.close()
                raise
        if "pid" not in answer:
            ours.close()
            return None
        return Run(self, Line(ours, self.stderr), answer["pid"])

    def _begin(self, theirs: socket.socket, program: str) -> Any:
        self.line.socket.setblocking(True)
        try:
            self.line.socket.sendall(pack({"do": "begin", "program": program}))
            socket.send_fds(self.line.socket, [b"."], [theirs.fileno()])
        except OSError as error:
            raise Gone from error
        finally:
            self.line.socket.setblocking(False)
        return json.loads(self.line.ask(b"", END_NS_MAX))

    def end(self, grace_ns: int = 0) -> int | None:
        """End it and all it started. Its exit code, less than 0 for a signal; none when it had to be killed."""
        code = self._code_by(grace_ns)
        self.line.close()
        kill_group(self._process.pid)
        with suppress(OSError):
            self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_NS_MAX / 1e9)
        return code

    def forget(self) -> None:
        """In a fork of fozzy: it is the parent's."""
        self.line.close()
        self.stderr.close()
        self._process.returncode = 0  # so that nobody asks for a child that is none

    def _code_by(self, grace_ns: int) -> int | None:
        """Left to be collected where that can be, so that its number stays its own until its group is killed."""
        if os.name == "posix":
            return status_by(self._process.pid, grace_ns)
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(grace_ns / 1e9)
        return None


class Run:
    """The process of one run. *Closes*: `end`."""

    def __init__(self, interpreter: Interpreter, line: Line, pid: int) -> None:
        self.interpreter = interpreter
        self.line = line
        self._pid = pid

    def end(self, grace_ms: int = 0) -> int | None:
        """End it and all it started. Its exit code, less than 0 for a signal; none when it had to be killed."""
        if self._pid == 0:
            return self.interpreter.end(grace_ms * 10**6)
        self.line.close()
        try:
            answer = self.interpreter.ask("end", END_NS_MAX + grace_ms * 10**6, pid=self._pid, grace_ms=grace_ms)
        except (Late, Gone):
            self.interpreter.is_reusable = False
            kill_group(self._pid)
            self.interpreter.end()
            return None
        self.interpreter.is_reusable &= bool(answer["clean"])
        return None if answer["status"] is None else int(answer["status"])


def start(permission: Permission, key: Key) -> Interpreter:
    """Start an interpreter. *Errors*: `Late`, `Gone`, `OSError`. *Limits*: `START_NS_MAX`."""
    assert isinstance(permission, Permission)
    ours, theirs = socket.socketpair()
    given: dict[str, Any] = {"folders": key.folders, "root": key.root, "memory_bytes_max": key.memory_bytes_max}
    given["watch"] = key.watch
    if CAN_FORK or os.name == "posix":
        theirs = high(theirs)  # the same number each time: words that differ in length shift what comes after them
        given["descriptor"] = theirs.fileno()
    try:
        with unscattered(key.repeats and not scatters(dict(key.env))):
            process = _spawned(given, theirs, dict(key.env))
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    interpreter = Interpreter(process, ours, key)
    try:
        interpreter.ask("hello", START_NS_MAX)
    except BaseException:
        interpreter.end()
        raise
    return interpreter


def environment(ours: Mapping[str, str], allowed: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """The variables of an interpreter: those of other host processes, and a fixed hash seed unless `doctor` asks."""
    return tuple(sorted(child_environment(ours, allowed, asked(ours)).items()))


def kill_group(leader: int) -> None:
    """Kill a process group, if it is there."""
    with suppress(OSError, AttributeError):
        os.killpg(leader, signal.SIGKILL)


def _spawned(given: dict[str, Any], theirs: socket.socket, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """`-B`: what was compiled from a file must not outlive a change of it; `-P`: only the run's folders come first."""
    words = [sys.executable, "-B", "-P", "-c", _START, json.dumps(given), _OURS]
    if "descriptor" not in given:
        return _spawned_on_windows(words, theirs, given["root"], env)
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[theirs.fileno()],
        start_new_session=True,
        cwd=given["root"],
        env=env,
    )


def _spawned_on_windows(
    words: list[str], theirs: socket.socket, root: str, env: dict[str, str]
) -> subprocess.Popen[bytes]:
    """There a socket is handed over as bytes, and no pipe can be read without waiting: stderr is dropped."""
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root, env=env)
    assert process.stdin is not None
    process.stdin.write(theirs.share(process.pid))  # type: ignore[attr-defined, unused-ignore]
    process.stdin.close()
    return process


def _descriptor(process: subprocess.Popen[bytes]) -> int:
    """The pipe its stderr comes through, which does not wait; -1 when there is none."""
    if process.stderr is None:
        return -1
    descriptor = os.dup(process.stderr.fileno())
    process.stderr.close()
    os.set_blocking(descriptor, False)
    return descriptor
