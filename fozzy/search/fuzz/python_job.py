"""Executes a portion against a Python function, in forked children of an interpreter of its own.

A child that hangs is ended, one that died is replaced; the next one does the slice again without the input that did
it, so what a portion finds does not depend on it. *Limits*: the wall time of one execution, memory, `HANGS_MAX`.
"""

from __future__ import annotations

import json
import selectors
import tempfile
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from fozzy import wall
from fozzy.errors import FozzyError, InputError, UsageError, suggestion
from fozzy.search.fuzz.portion import Crash, Portion, Told
from fozzy.search.fuzz.runner import Property, Setup, Slice
from fozzy.search.fuzz.shared import BEAT, NOT_BEGUN, Shared
from fozzy.world.code.host import how_ended, surroundings
from fozzy.world.code.interpreter import DIED_GRACE_MS, Interpreter, Key, Run, start
from fozzy.world.code.lines import Gone, Late, Stderr
from fozzy.world.code.permission import Permission
from fozzy.world.code.places import Places
from fozzy.world.code.wire import HEAD, packed

PROGRAM = "fozzy.search.fuzz.runner:serve"
SLICE_RUNS = 256
HANGS_MAX = 4  # of one portion: each costs the whole time of an execution
IMPORT_NS_MAX = 60 * 10**9
LOST_MAX = 16  # inputs that ended the child of a search by Hypothesis, after which it is given up
LOOK_S = 0.02  # between two looks whether it hangs
CHUNK_BYTES = 1 << 16


class Python(NamedTuple):
    """A Python target, and what bounds it. *Units*: `hang_ns` is wall time of one execution."""

    function: str
    permission: Permission
    folders: tuple[str, ...]
    root: str
    hang_ns: int
    memory_bytes: int
    input_bytes_max: int
    covered: bool
    whole: bool = False
    meant: tuple[str, ...] = ()
    words: tuple[bytes, ...] = ()


class _Hung(Exception):
    """An execution did not end in time."""


class _Stopped(Exception):
    """The campaign is over."""


class Hello(msgspec.Struct, frozen=True):
    """What a runner says first."""

    first: list[bytes] = []
    takes: str = ""
    refused: dict[str, Any] | None = None
    unsupported: str = ""


class Job:
    """One interpreter, and the child in it that executes. Used by one thread at a time."""

    def __init__(self, python: Python) -> None:
        self._python = python
        self._interpreter: Interpreter | None = None
        self._run: Run | None = None
        self._stopped = False
        self._places = Places(python.folders, python.root)
        self._shared_bytes = BEAT.size + max(python.input_bytes_max, 1) + (1 << 16)
        self._shared = Shared(0)

    def hello(self) -> Hello:
        """Begin a child, and see whether it can do its work. *Errors*: `FozzyError`."""
        self._shared.close()
        self._shared = Shared(self._shared_bytes)
        try:
            return self._hello(self._shared.path)
        finally:
            self._shared.hide()

    def _hello(self, shared: str) -> Hello:
        self._interpreter = self._interpreter or self._started()
        run = self._interpreter.begin(PROGRAM)
        if run is None:  # the user's files were changed
            self._interpreter.end()
            self._interpreter = self._started()
            run = self._interpreter.begin(PROGRAM)
        if run is None:
            raise UsageError("fuzz.unsteady", "the files of the target change while it is imported")
        self._run = run
        setup = Setup(
            function=self._python.function,
            folders=list(self._python.folders),
            shared=shared,
            shared_bytes=self._shared_bytes,
            covered=self._python.covered,
            whole=self._python.whole,
            meant=list(self._python.meant),
            words=list(self._python.words),
        )
        try:
            hello = msgspec.json.decode(run.line.ask(_frame(setup), IMPORT_NS_MAX), type=Hello)
        except (Late, Gone) as error:
            raise _unusable(self._python, "its interpreter ended before the first call") from error
        _check(self._python, hello)
        return hello

    def portion(self, portion: Portion, seen: list[int], end_ns: int | None) -> Told:
        """Execute a portion. *Errors*: `FozzyError`."""
        self._end_run()  # each portion has a child of its own: what executions left behind is not taken along
        told = Told()
        at = hangs = slow = 0  # up to `slow`, one execution after the other
        stop = portion.count
        skip: list[int] = []
        while at < stop and not self._is_over(end_ns):
            slice_ = Slice(start=at, end=at + 1 if at < slow else min(at + SLICE_RUNS, stop), skip=skip)
            try:
                if self._run is None:
                    self.hello()
                    slice_ = msgspec.structs.replace(slice_, portion=portion, seen=seen, finds=told.finds)
                more = self._ask(slice_)
                self._see_it_lives()
                _add(told, more)
                at = slice_.end
            except _Stopped:
                break
            except (_Hung, Gone) as how:
                number = self._lost(told, slice_, self._hang if isinstance(how, _Hung) else self._death)
                skip += [number] * (number >= 0)
                slow = slice_.end if number < 0 else slow
                hangs += isinstance(how, _Hung)
                if hangs == HANGS_MAX:  # what was found up to here is still to be told
                    stop = min(stop, number + 1 if number >= 0 else slice_.end)
        told.runs = at
        return told

    def search(self, runs: int, seed: int) -> Told:
        """Have Hypothesis search, again without the input when one ends the child. *Errors*: `FozzyError`."""
        with tempfile.TemporaryDirectory(prefix="fozzy-") as home:
            try:
                return self._searched(Property(property_runs=runs, seed=seed, home=home))
            finally:
                self._end_run()

    def _searched(self, wanted: Property) -> Told:
        lost: dict[bytes, Crash] = {}
        while True:
            self._end_run()
            self.hello()
            try:
                told = self._ask(msgspec.structs.replace(wanted, skip=list(lost)))
                break
            except (_Hung, Gone) as how:
                number, data = self._shared.read()
                crash = self._hang() if isinstance(how, _Hung) else self._death()
            if number < 0:
                raise _unusable(self._python, "its interpreter ends outside of a call")
            lost[data] = msgspec.structs.replace(crash, data=data, number=number)
            told = Told(runs=number + 1)
            if len(lost) >= LOST_MAX:
                break
        for crash in lost.values():
            if all(known.print != crash.print for known in told.crashes):
                told.crashes.append(crash)
        return told

    def stop(self) -> None:
        """Have the thread that uses it come to an end."""
        self._stopped = True

    def close(self) -> None:
        """End everything."""
        self.stop()
        self._end_run()
        if self._interpreter is not None:
            self._interpreter.end()
            self._interpreter = None
        self._shared.close()

    def _is_over(self, end_ns: int | None) -> bool:
        return self._stopped or (end_ns is not None and wall.elapsed_ns() > end_ns)

    def _started(self) -> Interpreter:
        """An interpreter that has imported the user's module. *Errors*: `FozzyError`."""
        python = self._python
        module = python.function.partition(":")[0]
        env = surroundings(frozenset())
        key = Key(python.folders, python.root, (module,), python.memory_bytes, env)
        try:
            interpreter = start(python.permission, key)
        except (Late, Gone, OSError) as error:
            raise _unusable(python, "no interpreter can be started for it") from error
        try:
            if not interpreter.is_forking:
                raise UsageError("fuzz.no_fork", "Python targets need a system that can fork", hint="fuzz a scenario")
            for name in (PROGRAM.partition(":")[0], module):
                interpreter.ask("import", IMPORT_NS_MAX, module=name)
        except Late as error:
            interpreter.end()
            raise _unusable(python, f"importing {module} does not end") from error
        except Gone as error:
            how = how_ended(interpreter.end(DIED_GRACE_MS * 10**6))
            raise _unusable(
                python, f"importing {module} ends its interpreter{f' with {how}' if how else ''}"
            ) from error
        except BaseException:
            interpreter.end()
            raise
        return interpreter

    def _ask(self, slice_: Slice | Property) -> Told:
        """Have something executed. *Errors*: `_Hung`, `Gone`, `_Stopped`."""
        assert self._run is not None
        line = self._run.line.socket
        line.setblocking(True)
        try:
            line.sendall(_frame(slice_))
        except OSError as error:
            raise Gone from error
        finally:
            line.setblocking(False)
        return msgspec.json.decode(self._answer(), type=Told)

    def _see_it_lives(self) -> None:
        """An interpreter that was killed takes the child with it, but not at once. *Errors*: `Gone`."""
        assert self._interpreter is not None
        try:
            self._interpreter.ask("hello")
        except Late as error:
            raise Gone from error

    def _answer(self) -> bytes:
        assert self._run is not None and self._interpreter is not None
        line, got, watch = self._run.line.socket, bytearray(), _Watch(self._python.hang_ns)
        with selectors.DefaultSelector() as ready:
            stderr = self._interpreter.stderr
            ready.register(line, selectors.EVENT_READ)
            if stderr.descriptor != -1:
                ready.register(stderr.descriptor, selectors.EVENT_READ)
            while len(got) < HEAD.size or len(got) < HEAD.size + HEAD.unpack_from(got)[0]:
                events = ready.select(LOOK_S)
                if all(key.fileobj is not line for key, _ in events):
                    if events:
                        _drain(stderr, ready)
                    if self._stopped:
                        raise _Stopped
                    if watch.hangs(self._shared.number()):
                        raise _Hung
                    continue
                try:
                    chunk = line.recv(CHUNK_BYTES)
                except OSError as error:
                    raise Gone from error
                if not chunk:
                    raise Gone
                got += chunk
        return bytes(got[HEAD.size :])

    def _lost(self, told: Told, slice_: Slice, crash_of: Callable[[], Crash]) -> int:
        """The child is lost with the input it worked on; which execution that was. -1 when that is not sure: what it
        shared is nonsense, or it lived on for a moment after its interpreter. Then the slice is done one by one."""
        number, data = self._shared.read()
        crash = crash_of()
        if number == NOT_BEGUN:
            raise _unusable(self._python, "its interpreter ends before the first call")
        is_known = slice_.start <= number < slice_.end and number not in slice_.skip
        if slice_.end - slice_.start > 1 and not (is_known and self._interpreter is not None):
            return -1
        if not is_known:
            number, data = slice_.start, b""
        if all(known.print != crash.print for known in told.crashes):
            told.crashes.append(msgspec.structs.replace(crash, data=data, number=number))
        return number

    def _hang(self) -> Crash:
        self._end_run()
        message = f"{self._python.function} did not end within {self._python.hang_ns // 10**6}ms"
        return Crash(kind="hang", title="call_hang", message=message, status="timeout")

    def _death(self) -> Crash:
        run, self._run = self._run, None
        assert run is not None and self._interpreter is not None
        status = run.end(DIED_GRACE_MS)
        lines = self._interpreter.stderr.take()
        spot = self._places.fault(lines) if status is not None and status < 0 else None
        self._renew()
        how = how_ended(status)
        message = f"{self._python.function} ended its interpreter{f' with {how}' if how else ''}"
        cause = [each for each in (how, spot.at if spot else "") if each]
        return Crash(kind="panic", title="call_died", message=message, status="crash", cause=cause)

    def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.end()
            self._renew()

    def _renew(self) -> None:
        """An interpreter that is not clean any more is not used again."""
        if self._interpreter is not None and not self._interpreter.is_reusable:
            self._interpreter.end()
            self._interpreter = None


class _Watch:
    """Sees that the same execution has been going for too long."""

    def __init__(self, hang_ns: int) -> None:
        self._hang_ns = hang_ns
        self._number, self._since_ns = -2, wall.elapsed_ns()

    def hangs(self, number: int) -> bool:
        """Whether it does. Before the first execution, and between two, it may import or think."""
        if number != self._number:
            self._number, self._since_ns = number, wall.elapsed_ns()
        limit_ns = self._hang_ns if number >= 0 else max(self._hang_ns, IMPORT_NS_MAX)
        return wall.elapsed_ns() - self._since_ns > limit_ns


def _drain(stderr: Stderr, ready: selectors.BaseSelector) -> None:
    """Take what was said, so that nobody who says much waits for a reader."""
    descriptor = stderr.descriptor
    stderr.read()
    if stderr.descriptor == -1:
        ready.unregister(descriptor)


def _frame(value: Any) -> bytes:
    return packed(msgspec.json.encode(value))


def _add(told: Told, more: Told) -> None:
    told.finds += more.finds
    told.forks += more.forks
    known = {crash.print for crash in told.crashes}
    told.crashes += [crash for crash in more.crashes if crash.print not in known]


def _check(python: Python, hello: Hello) -> None:
    if hello.unsupported:
        hint = "annotate it with bytes, str, int, float, bool, list, dict or a union of them"
        raise UsageError("fuzz.cannot_call", f"{python.function}: {hello.unsupported}", hint=hint)
    if hello.refused is not None:
        raise _refusal(python, hello.refused)


def _refusal(python: Python, answer: dict[str, Any]) -> FozzyError:
    if answer.get("is_async"):
        message = f"{python.function} is async; only sync functions can be called"
        return UsageError("fuzz.cannot_call", message)
    if "import_failed" in answer:
        raised = answer["import_failed"]
        at = f" ({raised['at']})" if raised.get("at") else ""
        module = python.function.partition(":")[0]
        return InputError("fuzz.no_target", f"{module} cannot be imported: {raised['name']}: {raised['message']}{at}")
    word, names = answer.get("near") or ("", [])
    hint = suggestion(word, names) if word else ""
    return InputError("fuzz.no_target", str(answer.get("missing", json.dumps(answer))), hint=hint)


def _unusable(python: Python, why: str) -> InputError:
    return InputError("fuzz.no_target", f"{python.function} cannot be fuzzed: {why}")
