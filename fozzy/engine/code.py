"""Whether a scenario may call user code, decided before anything of it runs.

Rule 1: a scenario's calls are found without running it, in its blocks and in the files it includes.
Rule 2: a scenario file may call when the flag or the configuration says so; for a trace only the flag counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from fozzy.dsl.document import Document, Loaded
from fozzy.dsl.scenario import StepsFile, SuiteFile
from fozzy.dsl.steps.base import Step, bodies_of
from fozzy.dsl.steps.call import Call
from fozzy.engine.prepare import Options, Ready
from fozzy.errors import FozzyError, NotAllowedError, Problem, Where
from fozzy.world.code.base import Project
from fozzy.world.code.permission import permit

if TYPE_CHECKING:
    from fozzy.dsl.cluster.file import DistributedFile

NOT_ALLOWED = "code.not_allowed"
FLAG = "--allow-code"
PATCHES = "fozzy.sim.patched"  # imported before the user's modules, which are then imported inside of it
ALONE = "fozzy.sim.alone"  # imported after them: it runs async functions
SERVED = "fozzy.sim.programs.served"  # what an asgi node runs in
WORKER = "fozzy.engine.cluster.worker"


class Allowance(NamedTuple):
    """What was said about user code: whether it may run, and where it is looked for."""

    allowed: bool = False
    root: Path = Path()  # the project's folder
    env: Sequence[str] = ()  # variables it gets besides the ordinary ones
    is_trace: bool = False  # then a configuration cannot allow it


NO_CODE = Allowance()


class Found(NamedTuple):
    """A function of the user's that a scenario runs, and where it names it."""

    document: Document
    path: tuple[str | int, ...]  # of the text that names the function
    function: str

    @property
    def module(self) -> str:
        """The module the function stands in."""
        return self.function.partition(":")[0]


def allowance_of(options: Options, root: Path) -> Allowance:
    """What a command's options and its configuration say about the code of scenario files."""
    settings = options.settings
    return Allowance(options.allow_code or settings.allow_code, root, settings.proc_env)


def calls_of(loaded: Loaded) -> Iterator[Found]:
    """Every call of a scenario and of the files it includes, in order."""
    file, document = loaded.file, loaded.document
    if isinstance(file, StepsFile) and _may_call(document.text):
        for part, steps in (("setup", file.setup), ("steps", file.steps), ("teardown", file.teardown)):
            for path, step in _calls(steps or [], (part,)):
                yield Found(document, (*path, "function"), step.function)
    elif not isinstance(file, StepsFile | SuiteFile):
        yield from (Found(document, path, function) for path, function in targets_of(file))
    for included in loaded.included.values():
        yield from calls_of(included)


def targets_of(file: DistributedFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What a distributed scenario names of the user's: programs, its client, functions that are called or that judge."""
    cluster = file.distributed
    for name in ("program", "asgi", "client"):
        if getattr(cluster, name) is not None:
            yield ("distributed", name), getattr(cluster, name)
    for node, runs in cluster.nodes.items() if isinstance(cluster.nodes, dict) else ():
        for name in ("program", "asgi"):
            if getattr(runs, name) is not None:
                yield ("distributed", "nodes", node, name), getattr(runs, name)
    for index, step in enumerate(cluster.steps or ()):
        if hasattr(step, "function"):
            yield ("distributed", "steps", index, "function"), step.function
    for index, invariant in enumerate(cluster.invariants):
        if hasattr(invariant, "check_"):
            yield ("distributed", "invariants", index, "check"), invariant.check_


def _may_call(text: str) -> bool:
    """Whether a text can hold the step's name, as it is or written with escapes: most do not."""
    return "call" in text or "\\u" in text or "\\U" in text


def _calls(steps: Sequence[Step], path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Call]]:
    for index, step in enumerate(steps):
        if isinstance(step, Call):
            yield (*path, index), step
        for words, inside in bodies_of(step).items() if step.blocks else ():
            yield from _calls(inside, (*path, index, *words.split(".", 1)))


def with_code(run: Ready, loaded: Loaded, allowance: Allowance) -> Ready:
    """A run that may call what its scenario calls. *Errors*: `NotAllowedError` when it calls and may not."""
    calls = list(calls_of(loaded))
    if not calls:
        return run
    permission = permit(allowance.allowed, lambda: _refusal(calls, allowance))
    root = allowance.root.absolute()
    beside = (root / loaded.document.name).parent
    project = Project(
        permission=permission,
        folders=tuple(dict.fromkeys([_plain(beside), _plain(root)])),
        modules=_modules(run, calls),
        root=_plain(root),
        env=frozenset(allowance.env) | run.setting.env_names,
        functions=tuple(dict.fromkeys(each.function for each in calls)) if isinstance(run.file, StepsFile) else (),
        simulator=(PATCHES, ALONE),
        inside="" if isinstance(run.file, StepsFile) else f"{PATCHES}:importing",
    )
    return run._replace(setting=msgspec.structs.replace(run.setting, project=project))


def _modules(run: Ready, calls: Sequence[Found]) -> tuple[str, ...]:
    """What the interpreter imports, in order: beside a cluster the patches come first, and what runs it last."""
    named = tuple(dict.fromkeys(each.module for each in calls))
    if isinstance(run.file, StepsFile):
        return named
    served = (SERVED,) if any("asgi" in each.path for each in calls) else ()
    return (PATCHES, *served, *named, WORKER)


def refused(loaded: Loaded, allowance: Allowance) -> list[Problem]:
    """The problem of a scenario that calls and may not; none otherwise."""
    if allowance.allowed:
        return []
    calls = list(calls_of(loaded))
    return _refusal(calls, allowance).problems if calls else []


def _plain(path: Path) -> str:
    import os.path

    return os.path.normpath(path)


def _refusal(calls: Sequence[Found], allowance: Allowance) -> FozzyError:
    from fozzy.dsl.locate import line_at, locate  # only a problem needs places

    document, path, function = calls[0]
    place = locate(document.text, document.form).find(path)
    where = Where(document.shown, place.line, place.col)
    more = f", and {len(calls) - 1} more" if len(calls) > 1 else ""
    who = f"step {path[1] + 1} calls" if isinstance(path[1], int) else f"{path[1]} runs"
    message = f"{who} {function}{more}: user code runs only with permission"
    hint = FLAG if allowance.is_trace else f"{FLAG}, or allow_code = true in fozzy.toml"
    error = NotAllowedError(NOT_ALLOWED, message, hint=hint, where=where)
    text = line_at(document.text, place.line)
    error.problems = [
        Problem(code=NOT_ALLOWED, message=message, where=where, hint=hint, length=place.length, text=text)
    ]
    return error
