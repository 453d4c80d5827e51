"""One real process and its group, from start to end. Imports trio: only to be imported when a process is started.

Rule 1: a child is over when its first process is over; what is left of its group is killed then.
Rule 2: `attend` runs on the loop for as long as the child lives. It alone reads the pipes and collects the process,
so nothing is ever signalled after its number may belong to somebody else.
Rule 3: cancelling whoever waits for a child does not touch the child; `end` does.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import trio

from fozzy.core.blob import Blob
from fozzy.core.limits import Limits
from fozzy.world.failure import Failure, over_limit
from fozzy.world.proc.guardian import Guardian
from fozzy.world.proc.memory import looks, tree_bytes
from fozzy.world.proc.strays import Stray, is_alive, pipe_names, signal_strays, strays_of

try:
    import resource
except ImportError:  # Windows has no such bounds
    resource = None  # type: ignore[assignment]

CHUNK_BYTES = 64 * 1024  # what a pipe holds; more would only cost memory
LINGER_S = 0.1  # for a grandchild that still holds the pipes to finish its last words
POLL_S = 0.01  # between two looks at a group that was asked to end
KILL_S = 5.0  # a killed process may still hang inside the system; nobody waits for it longer than this

# Windows has no process groups and no SIGKILL; there only the process itself is ended.
HAS_GROUPS = hasattr(os, "killpg")
KILL = int(getattr(signal, "SIGKILL", signal.SIGTERM))


class Capture:
    """What a process writes to a stream. *Limits*: the first `bytes_max` bytes are kept, the rest is dropped."""

    def __init__(self, stream: trio.abc.ReceiveStream, bytes_max: int) -> None:
        self.data = bytearray()
        self.seen_bytes = 0  # kept or not
        self.ended = trio.Event()
        self._stream = stream
        self._bytes_max = bytes_max

    async def fill(self, tell_over: Callable[[], None]) -> None:
        """Read to the end. *Closes*: the stream."""
        try:
            async with self._stream:
                while chunk := await self._stream.receive_some(CHUNK_BYTES):
                    self._keep(chunk, tell_over)
        except trio.BrokenResourceError:
            pass  # as good as the end
        finally:
            self.ended.set()

    def _keep(self, chunk: bytes | bytearray, tell_over: Callable[[], None]) -> None:
        self.data += chunk[: self._bytes_max - len(self.data)]
        self.seen_bytes += len(chunk)
        if self.is_over:
            tell_over()

    @property
    def is_over(self) -> bool:
        """Whether there was more than may be kept."""
        return self.seen_bytes > self._bytes_max

    def blob(self) -> Blob:
        """What was kept."""
        return Blob.of(bytes(self.data))


class Child:
    """A running process, its group and its output. *Closes*: when `attend` returns.

    `peak_bytes` is the most memory it and its descendants were seen to hold: what `wait4` reports on Linux would
    include fozzy's own before the `exec`, so it is looked at from outside, and is a lower bound.
    """

    def __init__(
        self,
        cmd: str,
        process: trio.Process,
        limits: Limits,
        tell_gone: Callable[[int], None],
        *,
        ends_strays: bool = False,
    ) -> None:
        assert process.stdout is not None and process.stderr is not None
        self.cmd = cmd
        self.exited = trio.Event()  # its first process is over
        self.ended = trio.Event()  # and the group is gone and the output read
        self.settled = trio.Event()  # it ended, or wrote more than it may
        self.out = Capture(process.stdout, limits.output_bytes_max)
        self.err = Capture(process.stderr, limits.output_bytes_max)
        self._process = process
        self._limits = limits
        self._tell_gone = tell_gone
        self._ends_strays = ends_strays
        self._grace_ends = -1.0
        self._strays: set[Stray] = set()
        self._pipes = _pipes_of(process)
        self.peak_bytes = 0

    @property
    def leader(self) -> int:
        """The number of its first process, of its group and of its session."""
        return self._process.pid

    async def attend(self) -> None:
        """Read its output until it is over, then clear its group."""
        try:
            async with trio.open_nursery() as readers:
                readers.start_soon(self.out.fill, self.settled.set)
                readers.start_soon(self.err.fill, self.settled.set)
                readers.start_soon(self._watch_memory)
                await self._process.wait()
                self.exited.set()
                await self._linger()
                if self._ends_strays and not (self.out.ended.is_set() and self.err.ended.is_set()):
                    signal_strays(strays_of(self.leader, self._pipes), KILL)
                self._signal_group(KILL)
                self._tell_gone(self.leader)
                readers.cancel_scope.cancel()
        finally:
            self.ended.set()
            self.settled.set()

    async def _watch_memory(self) -> None:
        for distance_s in looks():
            self.peak_bytes = max(self.peak_bytes, tree_bytes(self.leader))
            with trio.move_on_after(distance_s):
                await self.exited.wait()
            if self.exited.is_set():
                return

    async def feed(self, data: bytes) -> None:
        """Give it its input and close it; a program need not read it."""
        stdin = self._process.stdin
        if stdin is None:
            return
        with suppress(trio.BrokenResourceError):
            await stdin.send_all(data)
        await stdin.aclose()

    async def end(self, number: int, grace_s: float) -> None:
        """Send a signal to the whole family, wait `grace_s`, kill what is left.

        *Limits*: `grace_s`, then about `LINGER_S`; `KILL_S` when the system cannot kill it.
        """
        if self.ended.is_set():
            return
        self._grace_ends = trio.current_time() + grace_s
        self._strays = strays_of(self.leader, self._pipes)
        self._signal_group(number)
        signal_strays(self._strays, number)
        with trio.move_on_at(self._grace_ends):
            await self.ended.wait()
        self._kill()
        with trio.move_on_after(KILL_S):
            await self.ended.wait()

    def exit_code(self) -> int | None:
        """Its exit code, none while it runs and when a signal ended it."""
        code = self._process.returncode if self.exited.is_set() else None
        return code if code is not None and code >= 0 else None

    def signal_number(self) -> int | None:
        """The signal that ended it, if one did."""
        code = self._process.returncode if self.exited.is_set() else None
        return -code if code is not None and code < 0 else None

    def too_much(self) -> Failure | None:
        """The failure when it wrote more than it may."""
        for name, capture in (("stdout", self.out), ("stderr", self.err)):
            if capture.is_over:
                what = f"{self.cmd!r} wrote to {name}"
                return over_limit(what, "output_bytes_max", self._limits.output_bytes_max, capture.seen_bytes)
        return None

    async def _linger(self) -> None:
        """Let the rest of the family finish: its output for a moment, and all of it until the grace is over."""
        with trio.move_on_at(max(trio.current_time() + LINGER_S, self._grace_ends)):
            await self.out.ended.wait()
            await self.err.ended.wait()
        while trio.current_time() < self._grace_ends and self._has_family():
            await trio.sleep(POLL_S)

    def _has_family(self) -> bool:
        return _group_lives(self.leader) or any(is_alive(stray) for stray in self._strays)

    def _kill(self) -> None:
        """Those found before the grace are killed too: their parents may have gone, so no walk finds them again."""
        if not self.ended.is_set():
            self._strays |= strays_of(self.leader, self._pipes)
            self._signal_group(KILL)
        signal_strays(self._strays, KILL)

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if HAS_GROUPS:
                os.killpg(self.leader, number)
            else:
                self._process.send_signal(number)


async def launch(
    cmd: str,
    args: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    guardian: Guardian,
    *,
    has_input: bool = False,
    bytes_max: int = 0,
) -> trio.Process | Failure:
    """Start a program as the leader of its own session, its output and, if it has any, its input in pipes.

    `env` is its whole environment. The guardian knows of it from its first moment on, and has it taken off by
    `remove`. *Limits*: `bytes_max` of addresses for it and for each process it starts, where the system has such a
    bound; 0 is none. *Errors*: as a `Failure` that names the program.
    """
    await guardian.begin()
    if not HAS_GROUPS:
        return await _open([cmd, *args], env, cwd, subprocess.PIPE, has_input=has_input, bytes_max=bytes_max)
    reader, writer = os.pipe()
    output = trio.lowlevel.FdStream(reader)
    pipe = os.fstat(writer).st_ino
    guardian.expect(pipe)
    process: trio.Process | Failure | None = None
    try:
        process = await _open([cmd, *args], env, cwd, writer, has_input=has_input, bytes_max=bytes_max)
    finally:
        os.close(writer)
        if not isinstance(process, trio.Process):
            guardian.forget(pipe)
            await output.aclose()
    if isinstance(process, trio.Process):
        guardian.add(process.pid, pipe)
        process.stdout = output
    return process


async def _open(
    words: Sequence[str], env: Mapping[str, str], cwd: Path, stdout: int, *, has_input: bool, bytes_max: int
) -> trio.Process | Failure:
    cmd = words[0]
    try:
        return await trio.lowlevel.open_process(
            words,
            stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd=cwd,
            env=env,
            preexec_fn=_bounded(bytes_max),
        )
    except FileNotFoundError as error:
        if str(error.filename) == str(cwd):
            return Failure("not_found", f"{cmd!r} cannot start: there is no folder {str(cwd)!r}")
        return Failure("not_found", f"there is no program {cmd!r}, or its interpreter is missing")
    except PermissionError as error:
        return Failure("denied", f"{cmd!r} may not be run: {error.strerror}")
    except (OSError, ValueError) as error:  # ValueError: a zero byte or a lone surrogate in an argument
        return Failure("io", f"{cmd!r} cannot be started: {getattr(error, 'strerror', None) or error}")


def _bounded(bytes_max: int) -> Callable[[], None] | None:
    """What a new process does before it becomes the program; a bound set from outside would come late.

    Other threads of ours may have held any lock at the fork, so it takes none: no import, no allocation to speak of.
    """
    if bytes_max == 0 or resource is None:
        return None
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = bytes_max if hard == resource.RLIM_INFINITY else min(bytes_max, hard)

    def bind() -> None:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (bound, bound))

    return bind


def _pipes_of(process: trio.Process) -> frozenset[str]:
    if not HAS_GROUPS:
        return frozenset()  # and no /proc to look them up in
    streams = (process.stdout, process.stderr)
    return pipe_names(stream.fileno() for stream in streams if isinstance(stream, trio.lowlevel.FdStream))


def _group_lives(leader: int) -> bool:
    if not HAS_GROUPS:
        return False
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
