"""Calls of user code, made in an interpreter of its own: what it does, it does to that one.

Interpreters are kept for the life of the process and used again by later runs that name the same modules: a run then
costs a fork. Each run has a process of its own, so module state lives across its calls and never in another run.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import threading
from typing import Any

import msgspec

from fozzy import wall
from fozzy.core.limits import Limits
from fozzy.world.code.base import Died, Hung, Outcome, Project, Reply, Seen
from fozzy.world.code.interpreter import DIED_GRACE_MS, Interpreter, Key, Run, environment, start
from fozzy.world.code.lines import ANSWER_ROOM_BYTES, Gone, Late
from fozzy.world.code.places import NOWHERE, Places
from fozzy.world.code.wire import pack, packed

IDLE_MAX = 4  # interpreters that wait for a next run; each holds what the user's modules hold
# Of one run: once, again when files changed, again when a module has threads, again when a function is async.
STARTS_MAX = 4
STDERR_LINES_MAX = 10
SEEN_NS_MAX = 10 * 10**9  # to tell what was watched; taking stock of a large heap takes seconds
SEEN_BYTES_MAX = 64 << 20

ASYNC_MAX = 1000  # scenarios of which it is known what is async
_ASYNC: dict[tuple[tuple[str, ...], tuple[str, ...]], frozenset[str]] = {}

_decode = msgspec.json.Decoder(Reply).decode
_SEEN = pack({"watched": True})


class _Stopped(Exception):
    """No run can begin; `outcome` says why."""

    def __init__(self, outcome: Hung | Died) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class HostCode:
    """Calls functions of the user's. *Limits*: `call_ms_max` for an import, the budget of each call, `body_bytes_max`
    of a result, `code_bytes_max` of memory. *Errors*: none; what goes wrong is an outcome. *Closes*: `close`."""

    def __init__(self, project: Project, limits: Limits) -> None:
        self._project = project
        self._limits = limits
        self._places = Places(project.folders, project.root)
        self.seen = Seen()
        self._run: Run | None = None
        self._is_begun = False  # the run was told what its import ran
        self._stopped: Hung | Died | None = None  # why no run could begin, until a call tells it
        self._async: frozenset[str] = frozenset()  # functions that run in the simulator
        self._apart: set[str] = set()  # modules that start threads: each run imports them itself

    def is_async(self, function: str) -> bool:
        """Whether a call of this function runs in the simulator. What goes wrong before is told by the call."""
        if self._run is None:
            try:
                self._run = self._begin()
            except _Stopped as stopped:
                self._stopped = stopped.outcome
                return False
        return function in self._async

    def call(self, function: str, args: Any, budget_ns: int, seed: int = 0) -> Outcome:
        """Call `module:name`; an async one draws from `seed`. *Units*: the budget is host time; starting and importing
        have bounds of their own."""
        if not self._project.watch:
            return self._call(function, args, budget_ns, seed)
        self.seen.calls.append({"function": function})
        outcome = self._call(function, args, budget_ns, seed)
        self._take()
        return outcome

    def _call(self, function: str, args: Any, budget_ns: int, seed: int) -> Outcome:
        stopped, self._stopped = self._stopped, None
        if stopped is not None:
            return stopped
        try:
            run = self._run or self._begin()
        except _Stopped as error:
            return error.outcome
        if self._run is None or not self._is_begun:
            self._run, self._is_begun = run, True
            self._take()  # what the import ran is known also when the first call does not come back
        bytes_max = self._limits.body_bytes_max
        message = {"function": function, "args": args, "bytes_max": bytes_max}
        if function in self._async:
            message |= {"simulator": self._project.simulator[1], "seed": seed}
        try:
            frame = packed(json.dumps(message).encode())
            return _decode(run.line.ask(frame, budget_ns, bytes_max + ANSWER_ROOM_BYTES))
        except Late:
            self.close()
            return Hung(budget_ns)
        except (Gone, msgspec.MsgspecError):
            return self._died(run)

    def _take(self) -> None:
        """Ask for what was watched since the last time. Nothing is known of a call that hung or died."""
        if self._run is None or not self._project.watch:
            return
        try:
            told = json.loads(self._run.line.ask(_SEEN, SEEN_NS_MAX, SEEN_BYTES_MAX))
        except (Late, Gone, ValueError):
            return  # the next call finds out why
        for name, lines in told.pop("lines", {}).items():
            self.seen.lines.setdefault(name, set()).update(lines)
        self.seen.files.update(told.pop("files", ()))
        if self.seen.calls:
            self.seen.calls[-1].update(told)

    def close(self) -> None:
        """End the run's process and all it started."""
        run, self._run = self._run, None
        self._is_begun = False
        if run is not None:
            run.end()
            POOL.give(run.interpreter)

    def _died(self, run: Run) -> Died:
        self._run = None
        status = run.end(DIED_GRACE_MS)
        died = self._death(run.interpreter, status)
        POOL.give(run.interpreter)
        return died

    def _death(self, interpreter: Interpreter, status: int | None, module: str = "") -> Died:
        lines = interpreter.stderr.take()
        spot = self._places.fault(lines) if status is not None and status < 0 else NOWHERE
        last = tuple(self._places.clean(each) for each in lines[-STDERR_LINES_MAX:])
        return Died(how_ended(status), module, spot.at, spot.function, last)

    def begin(self, program: str) -> Run | Hung | Died:
        """A process in which a program of ours runs, `module:name`, whose module the project names; or why there is
        none. *Closes*: nothing; `let_go` or `ended` does."""
        try:
            return self._begin(program)
        except _Stopped as stopped:
            return stopped.outcome

    def let_go(self, run: Run) -> None:
        """End a process and all it started; its interpreter waits for the next."""
        run.end()
        POOL.give(run.interpreter)

    def ended(self, run: Run, grace_ms: int) -> Died:
        """How a process ended that is gone."""
        died = self._death(run.interpreter, run.end(grace_ms))
        POOL.give(run.interpreter)
        return died

    def _begin(self, program: str = "") -> Run:
        """A process for the run. *Errors*: `_Stopped`."""
        for _ in range(STARTS_MAX):
            interpreter = self._interpreter()
            if interpreter is None:
                continue
            try:
                run = interpreter.begin(program)
            except (Late, Gone):
                run = None
            except BaseException:
                interpreter.end()
                raise
            if run is not None:
                return run
            interpreter.end()
        raise _Stopped(Died("", started=False))

    def _interpreter(self) -> Interpreter | None:
        """One that has imported the run's modules; none when that showed what must be done in another way."""
        project = self._project
        modules = tuple(each for each in project.modules if each not in self._apart)
        if project.functions and project.simulator[0]:
            self._async = _ASYNC.get((project.folders, project.functions), frozenset())
            modules = (project.simulator[0], *modules, project.simulator[1]) if self._async else modules
        env = surroundings(project.env)
        bytes_max = self._limits.code_bytes_max
        key = Key(project.folders, project.root, modules, bytes_max, env, project.watch, bool(project.inside))
        kept = POOL.take(key)
        return kept if kept is not None else self._fresh(key)

    def _fresh(self, key: Key) -> Interpreter | None:
        try:
            interpreter = start(self._project.permission, key)
        except (Late, Gone, OSError):
            raise _Stopped(Died("", started=False)) from None
        try:
            alone = self._imported(interpreter, key)
        except BaseException:
            interpreter.end()
            raise
        if alone:
            self._apart |= alone
            interpreter.end()
            return None
        if self._is_other(interpreter):
            interpreter.end()
            return None
        return interpreter

    def _is_other(self, interpreter: Interpreter) -> bool:
        """Whether it turns out that functions are async which were not known to be, or are no longer: then the
        simulator must be there before the user's modules are, or need not be."""
        project = self._project
        if not project.functions or not project.simulator[0]:
            return False
        answer = interpreter.ask("kinds", functions=list(project.functions))
        known, self._async = self._async, frozenset(answer["async"])
        if len(_ASYNC) >= ASYNC_MAX:
            _ASYNC.clear()
        _ASYNC[project.folders, project.functions] = self._async
        return bool(known) != bool(self._async)

    def _imported(self, interpreter: Interpreter, key: Key) -> set[str]:
        """Import the modules; those that cannot be shared by a fork are returned. *Errors*: `_Stopped`."""
        budget_ns = self._limits.call_ms_max * 10**6
        for module in key.modules:
            try:
                answer = interpreter.ask("import", budget_ns, module=module, inside=self._project.inside)
            except Late:
                raise _Stopped(Hung(budget_ns, module)) from None
            except Gone:
                raise _Stopped(self._death(interpreter, interpreter.end(DIED_GRACE_MS * 10**6), module)) from None
            if answer["failed"]:
                interpreter.is_reusable = False  # the next run may find the module mended
            if answer["alone"] and interpreter.is_forking:
                return {module}
        return set()


class Pool:
    """The interpreters that wait for a run. *Limits*: `IDLE_MAX`, the longest idle goes. *Closes*: when Python ends."""

    def __init__(self) -> None:
        self._idle: list[Interpreter] = []
        self._lock = threading.Lock()
        self._listens = False

    def take(self, key: Key) -> Interpreter | None:
        """One that was made for the same, none when there is none."""
        with self._lock:
            for index, each in enumerate(self._idle):
                if each.key == key:
                    return self._idle.pop(index)
        return None

    def give(self, interpreter: Interpreter) -> None:
        """Keep one for a later run, if it can be used again."""
        if not interpreter.is_reusable:
            interpreter.end()
            return
        with self._lock:
            self._listen()
            self._idle.append(interpreter)
            oldest = self._idle.pop(0) if len(self._idle) > IDLE_MAX else None
        if oldest is not None:
            oldest.end()

    def close(self) -> None:
        """End them all."""
        while self._idle:
            self._idle.pop().end()

    def forget(self) -> None:
        """In a fork of fozzy: they are the parent's."""
        self._lock = threading.Lock()
        for each in self._idle:
            each.forget()
        self._idle.clear()

    def _listen(self) -> None:
        if not self._listens:
            self._listens = True
            atexit.register(self.close)
            wall.in_forked(self.forget)


POOL = Pool()


def surroundings(allowed: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """The variables of an interpreter for user code: the ordinary ones, and those that are `allowed`."""
    return environment(os.environ, allowed)


def how_ended(status: int | None) -> str:
    """How a process ended, in words; empty when nobody knows."""
    if status is None:
        return ""
    if status >= 0:
        return f"exit code {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
