"""Undeclared: programs and requests of scripted scenarios that no declaration of theirs could answer.

Found without running: a step whose command or path is known and that no `proc_when` or `http_when` of the scenario could
match fails as soon as it runs. What refers to a value is not known, and what is meant to fail is none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from fozzy.core.backends import Backends
from fozzy.dsl.document import Document, Loaded
from fozzy.dsl.scenario import StepsFile
from fozzy.dsl.steps.base import Step, bodies_of, literal
from fozzy.dsl.steps.fault import Fault
from fozzy.dsl.steps.http import HttpRequestStep, HttpWhen
from fozzy.dsl.steps.http_burst import HttpBurstStep
from fozzy.dsl.steps.proc import ProcSpawn, ProcStart, ProcWhen, command_line
from fozzy.engine.discover import Chosen
from fozzy.engine.prepare import Options, header_of
from fozzy.errors import Problem, Where
from fozzy.gate.checked import Checked, judged, skipped
from fozzy.report.text import count
from fozzy.world.http.scripted import path_of

NAME = "undeclared"
_MEANT_TO_FAIL = ("assert_throws", "assert_rejects")
_UNSCRIPTED = ("proc_unscripted", "http_unscripted")
_OK = 200


class Placed(NamedTuple):
    """A step and where it stands; `is_meant_to_fail` inside a block that wants a failure."""

    step: Step
    document: Document
    path: tuple[str | int, ...]
    is_meant_to_fail: bool


def undeclared(chosen: Sequence[Chosen], options: Options) -> Checked:
    """The steps that nothing declared could answer, each with a declaration to paste."""
    if not chosen:
        return skipped(NAME, "there are no scenarios to look at")
    found: dict[tuple[str, str], Problem] = {}
    live = 0
    for each in chosen:
        assert each.loaded is not None
        backends = header_of(each.loaded, options, 0, "test", each.case)[0].backends
        live += "host" in (backends.proc, backends.http)
        for problem in _problems(each.loaded, backends):
            found.setdefault((each.shown, f"{problem.where} {problem.message}"), problem)
    left_out = [f"{count(live, 'scenario')} with a host backend: the real world answers there"] if live else []
    ran = f"programs and requests of {count(len(chosen), 'scenario')}"
    return judged(NAME, ran, found.values(), left_out=left_out)


def _problems(loaded: Loaded, backends: Backends) -> Iterator[Problem]:
    file = loaded.file
    if not isinstance(file, StepsFile) or (file.expect is not None and file.expect.title in _UNSCRIPTED):
        return
    placed = list(_steps_of(loaded))
    faulty = {each.step.on for each in placed if isinstance(each.step, Fault)}
    if backends.proc == "scripted" and "proc" not in faulty:
        rules = [each.step for each in placed if isinstance(each.step, ProcWhen)]
        yield from (_process(each) for each in placed if _lacks_process(each, rules))
    if backends.http == "scripted" and "http" not in faulty:
        answers = [each.step for each in placed if isinstance(each.step, HttpWhen)]
        yield from (_request(each) for each in placed if _lacks_request(each, answers))


def _steps_of(loaded: Loaded) -> Iterator[Placed]:
    file = loaded.file
    if isinstance(file, StepsFile):
        for part, steps in (("setup", file.setup), ("steps", file.steps), ("teardown", file.teardown)):
            yield from _inside(steps or [], (part,), loaded.document, False)
    for included in loaded.included.values():
        yield from _steps_of(included)


def _inside(
    steps: Sequence[Any], path: tuple[str | int, ...], document: Document, is_meant_to_fail: bool
) -> Iterator[Placed]:
    for index, step in enumerate(steps):
        yield Placed(step, document, (*path, index), is_meant_to_fail)
        meant = is_meant_to_fail or step.__struct_config__.tag in _MEANT_TO_FAIL
        for words, inside in bodies_of(step).items():
            yield from _inside(inside, (*path, index, *words.split(".", 1)), document, meant)


def _lacks_process(placed: Placed, rules: Sequence[ProcWhen]) -> bool:
    step = placed.step
    if not isinstance(step, ProcSpawn | ProcStart) or placed.is_meant_to_fail or _refers(step.cmd):
        return False
    return not any(_may_be(rule.cmd, step.cmd) and _args_may_be(rule.args, step.args) for rule in rules)


def _args_may_be(declared: list[str] | None, asked: list[str]) -> bool:
    if declared is None:
        return True
    return len(declared) == len(asked) and all(map(_may_be, declared, asked))


def _lacks_request(placed: Placed, answers: Sequence[HttpWhen]) -> bool:
    fields = _fields(placed.step)
    if fields is None or placed.is_meant_to_fail or _refers(fields.path):
        return False
    return not any(_may_be(each.method, fields.method) and _target_may_be(each.path, fields) for each in answers)


def _fields(step: Step) -> Any:
    """What a step asks, none for one that sends no request."""
    if isinstance(step, HttpBurstStep):
        return step.request
    return step if isinstance(step, HttpRequestStep) else None


def _target_may_be(declared: str, fields: Any) -> bool:
    """Whether a declared path may be the one that is asked; a query is made only when the step runs."""
    if _refers(declared):
        return True
    wanted, asked = declared, fields.path
    if fields.query:
        wanted, asked = wanted.partition("?")[0], asked.partition("?")[0]
    return wanted == asked or (wanted.startswith("/") and wanted == path_of(asked))


def _may_be(declared: str, asked: str) -> bool:
    return declared == asked or _refers(declared) or _refers(asked)


def _refers(text: str) -> bool:
    return "${" in text


def _process(placed: Placed) -> Problem:
    step: Any = placed.step
    expected = {
        name.removeprefix("expect_"): getattr(step, name, None)
        for name in ("expect_stdout", "expect_stderr")
        if getattr(step, name, None) is not None
    }
    code = getattr(step, "expect_exit", None)
    paste = {"type": "proc_when", "cmd": step.cmd, "args": step.args, "exit_code": 0 if code is None else code}
    return Problem(
        code="doctor.undeclared_process",
        message=f"nothing declares what {command_line(step.cmd, step.args)} answers",
        hint=f"paste before it: {_json(paste | expected)}",
        where=_where(placed, "cmd"),
    )


def _request(placed: Placed) -> Problem:
    fields = _fields(placed.step)
    status = getattr(placed.step, "expect_status", None)
    paste = {"type": "http_when", "method": fields.method, "path": literal(fields.path)}
    paste["status"] = _OK if status is None else status
    return Problem(
        code="doctor.undeclared_request",
        message=f"nothing declares what {fields.method} {fields.path} answers",
        hint=f"paste before it: {_json(paste)}",
        where=_where(placed, "path"),
    )


def _json(step: dict[str, Any]) -> str:
    import json

    return json.dumps(msgspec.to_builtins(step), ensure_ascii=False)


def _where(placed: Placed, field: str) -> Where:
    from fozzy.dsl.locate import locate  # only a problem needs places

    document = placed.document
    path = placed.path if not isinstance(placed.step, HttpBurstStep) else (*placed.path, "request")
    place = locate(document.text, document.form).find((*path, field))
    return Where(document.shown, place.line, place.col)
