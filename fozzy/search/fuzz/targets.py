"""What can be fuzzed, by the words it is called: `scenario:FILE`, `py:package.module:function`, `cmd:PROGRAM [ARG…]`.

Opening a target makes the bench that executes it, and knows how a crash of it is written as a scenario.
To add a kind: a class here that is a `Target`, a line in `KINDS` and one in `UNITS`.
"""

from __future__ import annotations

import json
import math
import os
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from fozzy.config import Settings
from fozzy.core.blob import Blob
from fozzy.core.forms import form_of_scenario
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import decode
from fozzy.dsl.scenario import StepsFile
from fozzy.dsl.steps.base import literal
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Options, Ready, header_of, ready, steps_file
from fozzy.errors import InputError, UsageError
from fozzy.report.text import count, quoted
from fozzy.search.corpus.names import slug
from fozzy.search.fuzz.benches import LocalBench
from fozzy.search.fuzz.campaign import Bench
from fozzy.search.fuzz.command_target import FILE_WORD, CommandTarget, takes_file
from fozzy.search.fuzz.portion import Crash, Told
from fozzy.search.fuzz.python_bench import PythonBench
from fozzy.search.fuzz.python_job import Python
from fozzy.search.fuzz.scenario_target import ScenarioTarget, decoded
from fozzy.world.code.permission import permit
from fozzy.world.code.values import Encoder

FORMS = "scenario:FILE, py:package.module:function or cmd:PROGRAM"
INPUT_NAME = "fozzy-fuzz-input"
UNITS = {"scenario": 64, "py": 256, "cmd": 8}  # executions of the first portions, by what one costs


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What bounds one execution. *Units*: `timeout_ms` is wall time."""

    timeout_ms: int = 1_000
    memory_bytes: int = 1 << 30
    input_bytes_max: int = 4096


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How a target is to be fuzzed."""

    seed: int
    bounds: Bounds
    jobs: int = 1
    covered: bool = True
    whole: bool = False  # every execution tells all it reached
    meant: list[str] = []  # exceptions that are no crash
    words: Sequence[bytes] = ()
    options: Options = Options()
    root: Path = Path()


class Crashing(NamedTuple):
    """A crash as a scenario: what to run, under which header's settings, and the draws it was found with."""

    raw: dict[str, Any]
    options: Options
    allowance: Allowance
    draws: tuple[Any, ...] = ()
    live: bool = False
    file: Path | None = None  # that a run writes for a program


class Target(Protocol):
    """An opened target. *Closes*: `close`."""

    @property
    def kind(self) -> str:
        """Its kind, as its words begin."""
        ...

    @property
    def takes(self) -> str:
        """What is varied, in words."""
        ...

    @property
    def bench(self) -> Bench:
        """Who executes it."""
        ...

    def crashing(self, crash: Crash) -> Crashing:
        """A crash as a scenario."""
        ...

    def close(self) -> None:
        """End everything."""
        ...


class ScenarioFuzz:
    """A scenario."""

    kind = "scenario"

    def __init__(self, loaded: Loaded, wanted: Wanted, allowance: Allowance) -> None:
        steps_file(loaded)  # a cluster is explored, not fuzzed
        header, redactor = header_of(loaded, wanted.options, wanted.seed, "fuzz")
        _refuse_host(loaded, header.backends)
        self._loaded, self._wanted, self._allowance = loaded, wanted, allowance
        run = with_code(ready(header, loaded, redactor, wanted.root), loaded, allowance)
        self._run: Ready = run
        self.takes = _takes(run)
        target = self._target("")
        first = [target.execute(data).data or data for data in target.first]  # with the draws the seed makes
        self.bench: Bench = LocalBench(self._target, first, wanted.jobs)

    def _target(self, _name: str) -> ScenarioTarget:
        return ScenarioTarget(self._run, self._wanted.seed, self._wanted.words)

    def crashing(self, crash: Crash) -> Crashing:
        """The scenario with the variables and the combination of the crash, and its draws."""
        given = decoded(crash.data)
        raw = dict(decode(self._loaded.document))
        raw.pop("matrix", None)
        if given.vars or given.case:
            raw["vars"] = {**given.vars, **given.case}
        return Crashing(raw, self._wanted.options, self._allowance, given.tape())

    def close(self) -> None:
        """Nothing is open."""


class PythonFuzz:
    """A Python function. To fuzz it is the permission to run it."""

    kind = "py"

    def __init__(self, function: str, wanted: Wanted) -> None:
        module, colon, name = function.partition(":")
        if not (colon and module and name):
            raise UsageError("fuzz.bad_target", f"py:{function} names no function", hint="py:package.module:function")
        self._function, self._wanted = function, wanted
        root = os.path.abspath(wanted.root)
        python = Python(
            function=function,
            permission=permit(True, AssertionError),
            folders=(root,),
            root=root,
            hang_ns=wanted.bounds.timeout_ms * 10**6,
            memory_bytes=wanted.bounds.memory_bytes,
            input_bytes_max=wanted.bounds.input_bytes_max,
            covered=wanted.covered,
            whole=wanted.whole,
            meant=tuple(wanted.meant),
            words=tuple(wanted.words),
        )
        self._bench = PythonBench(python, wanted.jobs)
        self.takes = self._bench.takes
        self._is_plain = self.takes == "bytes"  # inputs are the bytes themselves, not a list of arguments

    @property
    def bench(self) -> PythonBench:
        """Its children."""
        return self._bench

    def search(self, runs: int) -> Told:
        """Have Hypothesis make the arguments, in so many examples."""
        self._is_plain = False
        return self._bench.search(runs, self._wanted.seed)

    def crashing(self, crash: Crash) -> Crashing:
        """A call with these arguments."""
        args = self._arguments(crash.data)
        step = {"type": "call", "function": self._function, "args": args}
        raw = {"version": 1, "name": f"{self._function} {crash.title}", "steps": [step]}
        return Crashing(raw, _bounded(self._wanted), Allowance(True, self._wanted.root))

    def _arguments(self, data: bytes) -> Any:
        if self._is_plain:
            return json.loads(Encoder(1 << 30).encode([data]))
        return literal(json.loads(data))

    def close(self) -> None:
        """End its interpreters."""
        self._bench.close()


class CommandFuzz:
    """A program."""

    kind = "cmd"

    def __init__(self, words: str, wanted: Wanted) -> None:
        try:
            parts = shlex.split(words)
        except ValueError as error:
            raise UsageError("fuzz.bad_target", f"cmd:{words} cannot be split into words: {error}") from error
        if not parts:
            raise UsageError("fuzz.bad_target", "cmd: names no program", hint="cmd:'./parser @@'")
        self._cmd, *self._args = parts
        self._wanted = wanted
        self.takes = "a file" if takes_file(self._args) else "stdin"
        first = self._target("first")
        self.bench: Bench = LocalBench(self._target, first.first, wanted.jobs)
        try:
            self._probe(first)
        finally:
            first.close()

    def _target(self, name: str) -> CommandTarget:
        limits = _bounded(self._wanted).settings.limits
        path = Path(f".{INPUT_NAME}-{name or 0}")
        return CommandTarget([self._cmd, *self._args], path, limits, self._wanted.words)

    def _probe(self, target: CommandTarget) -> None:
        """A program that cannot be started is no target. *Errors*: `InputError`."""
        crash = target.execute(b"").crash
        if crash is not None and crash.title in ("proc_not_found", "proc_denied"):
            raise InputError("fuzz.no_target", f"cmd:{self._cmd} cannot be run: {crash.message}")

    def crashing(self, crash: Crash) -> Crashing:
        """The program with this input. It is run again, and what it answers is recorded."""
        data = _bytes_form(crash.data)
        spawn: dict[str, Any] = {"type": "proc_spawn", "cmd": self._cmd}
        steps: list[dict[str, Any]] = [spawn]
        if takes_file(self._args):
            spawn["args"] = [literal(word).replace(FILE_WORD, INPUT_NAME) for word in self._args]
            steps.insert(0, {"type": "fs_write", "path": INPUT_NAME, "data": data})
        else:
            spawn |= {"args": literal(self._args), "stdin": data}
        backends = {"proc": "host", **({"fs": "host"} if len(steps) > 1 else {})}
        name = f"{self._cmd} {crash.title}"
        raw = {"version": 1, "name": name, "backends": backends, "steps": steps}
        allowance = Allowance(False, self._wanted.root)
        file = Path(INPUT_NAME) if len(steps) > 1 else None
        return Crashing(raw, _bounded(self._wanted), allowance, live=True, file=file)

    def close(self) -> None:
        """Each portion closes what it opened."""


KINDS: dict[str, Callable[[str, Wanted], Target]] = {"py": PythonFuzz, "cmd": CommandFuzz}


def open_target(words: str, wanted: Wanted, load: Callable[[str], Loaded], allowance: Allowance) -> Target:
    """Open a target. `load` loads a scenario; `allowance` is for the code it calls. *Errors*: `FozzyError`."""
    kind, colon, rest = words.partition(":")
    if colon and kind == "scenario":
        return ScenarioFuzz(load(rest), wanted, allowance)
    if not colon or kind not in KINDS:
        raise UsageError("fuzz.bad_target", f'"{words}" is no target', hint=_meant(words))
    return KINDS[kind](rest, wanted)


def _meant(words: str) -> str:
    """What somebody may have meant who left out what kind of target it is."""
    if form_of_scenario(words):
        return f"write scenario:{words}"
    if re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", words):
        return f"write py:{words}"
    if re.fullmatch(r"\w+(/\w+)*\.py", words):
        return f"write py:{words.removesuffix('.py').replace('/', '.')}:FUNCTION"
    if words and os.path.isfile(words.split()[0]):
        return f"write {quoted(f'cmd:{words}')}"
    return f"write {FORMS}"


def file_name(words: str) -> str:
    """What the scenario of a target's crash is called."""
    kind, _, rest = words.partition(":")
    return rest if kind == "scenario" else f"{slug(words)}.fozzy.json"


def _bounded(wanted: Wanted) -> Options:
    """The options of a run that is one execution."""
    settings: Settings = wanted.options.settings
    limits = msgspec.structs.replace(
        settings.limits,
        call_ms_max=wanted.bounds.timeout_ms,
        code_bytes_max=wanted.bounds.memory_bytes,
        process_bytes_max=wanted.bounds.memory_bytes,
    )
    settings = msgspec.structs.replace(settings, limits=limits)
    return msgspec.structs.replace(wanted.options, settings=settings, det=True)


def _refuse_host(loaded: Loaded, backends: Any) -> None:
    """A campaign asks nobody. *Errors*: `UsageError`."""
    asked = next((name for name in ("proc", "fs", "http") if getattr(backends, name) == "host"), None)
    if asked is not None:
        message = f"{loaded.document.shown} asks the host for {asked}, and a campaign asks nobody"
        hint = "script the answers (http_when, proc_when), or fuzz the program: cmd:PROGRAM"
        raise UsageError("fuzz.needs_world", message, hint=hint)


def _takes(run: Ready) -> str:
    """What is varied, in words."""
    parts = ["draws"]
    assert isinstance(run.file, StepsFile)
    parts += [count(len(run.file.vars), "variable")] if run.file.vars else []
    parts += [count(math.prod(map(len, run.file.matrix.values())), "combination")] if run.file.matrix else []
    return ", ".join(parts)


def _bytes_form(data: bytes) -> Any:
    """Bytes as a field of a scenario says them."""
    blob = Blob.of(data)
    return {"$bytes": blob.base64} if blob.base64 else literal(blob.text)
