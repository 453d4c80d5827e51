"""What a run's real processes do on the host loop. Imports trio: only to be imported when a process is asked for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec
import trio

from fozzy.core.limits import Limits
from fozzy.world.failure import Failure
from fozzy.world.fs.base import path_problem
from fozzy.world.proc.base import AwaitReady, Exited, IsReady, Spawn, Start, Started, Stop
from fozzy.world.proc.child import KILL, Child, launch
from fozzy.world.proc.environment import child_environment
from fozzy.world.proc.guardian import Guardian
from fozzy.world.proc.probes import Look, UnusableProbe, in_words, look_for, until_seen

TAIL_CHARS_MAX = 1000  # of stderr, in a message

Attend = Callable[[Child], None]


class Processes:
    """The real processes of one run; all methods run on the loop.

    `allowed` are the variables of our environment they get besides the ordinary ones. *Closes*: `aclose`.
    """

    def __init__(
        self, limits: Limits, root: Path, attend: Attend, allowed: frozenset[str], *, ends_strays: bool = False
    ) -> None:
        self._allowed = allowed
        self._ends_strays = ends_strays
        self._guardian = Guardian()
        self._limits = limits
        self._root = root
        self._attend = attend
        self._named: dict[str, Child] = {}
        self._alive: set[Child] = set()

    async def spawn(self, request: Spawn, budget_ns: int) -> Exited:
        """Run a program to its end, its limit, or the end of its time."""
        budget_ns = min(budget_ns, request.timeout_ms * 1_000_000 or budget_ns)
        deadline = trio.current_time() + budget_ns / 1e9
        folder = _below(self._root, request.cwd)
        if isinstance(folder, Failure):
            return Exited(failure=folder)
        given = request.stdin.data()
        child = await self._launch(request.cmd, request.args, request.env, folder, bool(given))
        if isinstance(child, Failure):
            return Exited(failure=child)
        try:
            with trio.move_on_at(deadline) as scope:
                async with trio.open_nursery() as feeding:
                    feeding.start_soon(child.feed, given)
                    await child.settled.wait()
                    feeding.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):  # whatever ends the call: nothing of it lives on
                await self._end(child, KILL if child.too_much() else signal.SIGTERM, self._limits.kill_grace_ms / 1e3)
        late = Failure("timeout", f"{request.cmd!r} had not ended after {_ms(budget_ns)} ms")
        return _cut_or_ended(child, child.too_much() or (late if scope.cancelled_caught else None))

    async def start(self, request: Start) -> Started:
        """Start a program and leave it running."""
        if request.name in self._named:
            message = f"a background process {request.name!r} was started before and not stopped since"
            return Started(failure=Failure("denied", message))
        folder = _below(self._root, request.cwd)
        if isinstance(folder, Failure):
            return Started(failure=folder)
        child = await self._launch(request.cmd, request.args, request.env, folder)
        if isinstance(child, Failure):
            return Started(failure=child)
        self._named[request.name] = child
        return Started()

    async def await_ready(self, request: AwaitReady, budget_ns: int) -> IsReady:
        """Look again and again until it is ready, has ended, or the time is over."""
        child = self._named.get(request.name)
        if child is None:
            return IsReady(failure=_unknown(request.name))
        try:
            look = look_for(request.probe, child)
        except UnusableProbe as error:
            return IsReady(failure=Failure("protocol", f"the probe of {request.name!r} {error}"))
        within_ns = min(request.within_ms * 1_000_000, budget_ns)
        failure = None
        with trio.move_on_after(within_ns / 1e9) as scope:
            failure = await _wait_for(request, look, child)
        if scope.cancelled_caught:
            message = f"{request.name!r} was not ready after {_ms(within_ns)} ms: waited for {in_words(request.probe)}"
            failure = Failure("timeout", message)
        return IsReady(stdout=child.out.blob(), stderr=child.err.blob(), failure=failure)

    async def stop(self, request: Stop, budget_ns: int) -> Exited:
        """End a background process and forget its name."""
        child = self._named.get(request.name)
        if child is None:
            return Exited(failure=_unknown(request.name))
        number = _signal_number(request.signal)
        if number is None:
            return Exited(failure=Failure("denied", f"there is no signal {request.signal!r}"))
        ended_before = child.ended.is_set()
        with trio.CancelScope(shield=True):
            await self._end(child, number, min(self._limits.stop_grace_ms / 1e3, budget_ns / 1e9))
        del self._named[request.name]
        stuck = None if child.ended.is_set() else Failure("io", f"{request.name!r} could not be ended")
        ended = _ended(child, stuck or child.too_much())
        return msgspec.structs.replace(ended, ended_before=ended_before)

    async def end_all(self) -> None:
        """End every process that still lives, all at the same time."""
        async with trio.open_nursery() as nursery:
            for child in list(self._alive):
                nursery.start_soon(self._end, child, signal.SIGTERM, self._limits.kill_grace_ms / 1e3)

    async def aclose(self) -> None:
        """End every process, then the guardian."""
        await self.end_all()
        await self._guardian.aclose()

    async def _launch(
        self, cmd: str, args: Sequence[str], env: Mapping[str, str], folder: Path, has_input: bool = False
    ) -> Child | Failure:
        whole_env = child_environment(os.environ, self._allowed, env)
        bytes_max = self._limits.process_bytes_max
        guardian = self._guardian
        process = await launch(cmd, args, whole_env, folder, guardian, has_input=has_input, bytes_max=bytes_max)
        if isinstance(process, Failure):
            return process
        child = Child(cmd, process, self._limits, guardian.remove, ends_strays=self._ends_strays)
        self._alive.add(child)
        self._attend(child)
        return child

    async def _end(self, child: Child, number: int, grace_s: float) -> None:
        await child.end(number, grace_s)
        self._alive.discard(child)


def _ended(child: Child, failure: Failure | None) -> Exited:
    return Exited(
        exit_code=child.exit_code(),
        signal=child.signal_number(),
        stdout=child.out.blob(),
        stderr=child.err.blob(),
        peak_bytes=child.peak_bytes,
        failure=failure,
    )


def _cut_or_ended(child: Child, failure: Failure | None) -> Exited:
    """How it ended, but not when we ended it: a signal of ours is no crash of the program."""
    if failure is None:
        return _ended(child, None)
    return Exited(stdout=child.out.blob(), stderr=child.err.blob(), peak_bytes=child.peak_bytes, failure=failure)


async def _wait_for(request: AwaitReady, look: Look, child: Child) -> Failure | None:
    if not child.exited.is_set() and await _seen_alive(look, child):
        return None
    await child.ended.wait()  # its last words are read by then
    if request.probe.stdout_matches and await look():
        return None
    return Failure("died", f"{request.name!r} {_how(child)} before it was ready{_tail(child)}")


async def _seen_alive(look: Look, child: Child) -> bool:
    """True when it was seen ready, False when it ended first."""
    seen = False
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_cancel_when_over, child, nursery.cancel_scope)
        await until_seen(look)
        seen = True
        nursery.cancel_scope.cancel()
    return seen


async def _cancel_when_over(child: Child, scope: trio.CancelScope) -> None:
    await child.exited.wait()
    scope.cancel()


def _how(child: Child) -> str:
    number = child.signal_number()
    return f"ended with exit code {child.exit_code()}" if number is None else f"was ended by {_signal_name(number)}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have numbers only
        return f"signal {number}"


def _tail(child: Child) -> str:
    text = child.err.blob().shown().strip()
    return f"; the end of its stderr: {text[-TAIL_CHARS_MAX:]}" if text else "; its stderr is empty"


def _signal_number(name: str) -> int | None:
    try:
        return signal.Signals["SIG" + name.removeprefix("SIG")]
    except KeyError:
        return None


def _unknown(name: str) -> Failure:
    return Failure("not_found", f"there is no background process {name!r}")


def _below(root: Path, cwd: str) -> Path | Failure:
    """The folder a process starts in; it lies below the run's root also when symbolic links are followed."""
    if PurePosixPath(cwd).parts == ():
        return root
    problem = path_problem(cwd)
    if problem:
        return problem
    try:
        folder = (root / cwd).resolve()
        if folder.is_relative_to(root.resolve()):
            return folder
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle, before Python 3.13
        return Failure("io", f"{cwd!r} cannot be used as a working directory: {error}")
    return Failure("denied", f"{cwd!r} leads out of the working directory through a symbolic link")


def _ms(duration_ns: int) -> int:
    return duration_ns // 1_000_000
