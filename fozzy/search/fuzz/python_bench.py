"""Executes portions against a Python function in forked children of an interpreter of its own.

A child that hangs is ended, one that died is replaced; the next one does the slice again without the input that did
it, so what a portion finds does not depend on it. *Limits*: the wall time of one execution, memory, `HANGS_MAX`.
"""

from __future__ import annotations

import json
import mmap
import os
import selectors
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec

from fozzy import wall
from fozzy.errors import FozzyError, InputError, UsageError, suggestion
from fozzy.search.fuzz.portion import Crash, Portion, Told
from fozzy.search.fuzz.runner import BEAT, Property, Setup, Slice
from fozzy.world.code.host import how_ended, surroundings
from fozzy.world.code.interpreter import DIED_GRACE_MS, Interpreter, Key, Run, start
from fozzy.world.code.lines import Gone, Late
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


class PythonBench:
    """Runs portions, several at once. *Errors*: `FozzyError` when there is nothing to call. *Closes*: `close`."""

    def __init__(self, python: Python, jobs: int) -> None:
        self._python = python
        self._jobs = [_Job(python) for _ in range(jobs)]
        try:
            hello = self._jobs[0].hello()
        except BaseException:
            self.close()
            raise
        self.first: Sequence[bytes] = hello.first
        self.takes = hello.takes

    def run(self, portions: Sequence[Portion], seen: frozenset[int], end_ns: int | None) -> Iterator[Told]:
        """What each portion came to, in their order."""
        features = sorted(seen)
        with ThreadPoolExecutor(len(self._jobs)) as pool:
            free = list(self._jobs)
            lock = threading.Lock()

            def work(portion: Portion) -> Told:
                with lock:
                    job = free.pop()
                try:
                    return job.portion(portion, features, end_ns)
                finally:
                    with lock:
                        free.append(job)

            futures: list[Future[Told]] = [pool.submit(work, portion) for portion in portions]
            try:
                for future in futures:
                    yield future.result()
            except BaseException:  # Ctrl-C too: the threads are to come to an end
                for job in self._jobs:
                    job.stop()
                for future in futures:
                    future.cancel()
                raise

    def search(self, runs: int, seed: int) -> Told:
        """Have Hypothesis make so many examples; the crashes' inputs are lists of arguments."""
        return self._jobs[0].search(runs, seed)

    def close(self) -> None:
        """End everything."""
        for job in self._jobs:
            job.close()


class Hello(msgspec.Struct, frozen=True):
    """What a runner says first."""

    first: list[bytes] = []
    takes: str = ""
    refused: dict[str, Any] | None = None
    unsupported: str = ""


class _Job:
    """One interpreter, and the child in it that executes. Used by one thread at a time."""

    def __init__(self, python: Python) -> None:
        self._python = python
        self._interpreter: Interpreter | None = None
        self._run: Run | None = None
        self._stopped = False
        self._places = Places(python.folders, python.root)
        self._shared_bytes = BEAT.size + max(python.input_bytes_max, 1) + (1 << 16)
        descriptor, self._shared_path = tempfile.mkstemp(prefix="fozzy-")
        os.truncate(descriptor, self._shared_bytes)
        self._shared = mmap.mmap(descriptor, self._shared_bytes)
        os.close(descriptor)

    def hello(self) -> Hello:
        """Begin a child, and see whether it can do its work. *Errors*: `FozzyError`."""
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
            shared=self._shared_path,
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
        at = hangs = 0
        skip: list[int] = []
        while at < portion.count and hangs < HANGS_MAX and not self._is_over(end_ns):
            end = min(at + SLICE_RUNS, portion.count)
            fresh = self._run is None
            try:
                if fresh:
                    self.hello()
                slice_ = Slice(start=at, end=end, skip=skip)
                if fresh:
                    slice_ = msgspec.structs.replace(slice_, portion=portion, seen=seen, finds=told.finds)
                _add(told, self._ask(slice_))
                at = end
            except _Hung:
                hangs += 1
                skip.append(self._lost(told, self._hang))
            except Gone:
                skip.append(self._lost(told, self._death))
            except _Stopped:
                break
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
            except _Hung:
                told, crash_of = Told(), self._hang
            except Gone:
                told, crash_of = Told(), self._death
            told.runs = self._lost(told, crash_of) + 1
            lost[told.crashes[0].data] = told.crashes[0]
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
        os.unlink(self._shared_path)

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
        BEAT.pack_into(self._shared, 0, -1, 0)
        line.setblocking(True)
        try:
            line.sendall(_frame(slice_))
        except OSError as error:
            raise Gone from error
        finally:
            line.setblocking(False)
        return msgspec.json.decode(self._answer(), type=Told)

    def _answer(self) -> bytes:
        assert self._run is not None and self._interpreter is not None
        line, got, watch = self._run.line.socket, bytearray(), _Watch(self._python.hang_ns)
        with selectors.DefaultSelector() as ready:
            ready.register(line, selectors.EVENT_READ)
            while len(got) < HEAD.size or len(got) < HEAD.size + HEAD.unpack_from(got)[0]:
                if not ready.select(LOOK_S):
                    self._interpreter.stderr.read()
                    if self._stopped:
                        raise _Stopped
                    if watch.hangs(BEAT.unpack_from(self._shared, 0)[0]):
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

    def _lost(self, told: Told, crash_of: Any) -> int:
        """The child is lost with the input it worked on; which execution that was."""
        number, length = BEAT.unpack_from(self._shared, 0)
        data = bytes(self._shared[BEAT.size : BEAT.size + length])
        crash: Crash = msgspec.structs.replace(crash_of(), data=data, number=number)
        if number < 0:
            raise _unusable(self._python, "its interpreter ends before the first call")
        if all(known.print != crash.print for known in told.crashes):
            told.crashes.append(crash)
        return int(number)

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
        """Whether it does. Before the first execution it may import what it needs."""
        if number != self._number:
            self._number, self._since_ns = number, wall.elapsed_ns()
        limit_ns = self._hang_ns if number >= 0 else max(self._hang_ns, IMPORT_NS_MAX)
        return wall.elapsed_ns() - self._since_ns > limit_ns


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
