"""Chaos files: TOML or JSON with the fields of `faults/http/plan.py`, or with MockForge's `observability.chaos` block.

The fast way only says whether a file is good. When it is not, `dsl/validate` goes over it again to find every problem
and its place. What the engine refuses is named by the field's path in its message, and so finds its place here.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any, Literal

import msgspec

from fozzy.chaos.files.checked import ChaosFile, check_plan
from fozzy.chaos.files.remaining import named_path, remaining_flaws
from fozzy.core.limits import SCENARIO_BYTES_MAX
from fozzy.dsl.document import Document
from fozzy.dsl.load import decode, decode_checked, document
from fozzy.errors import InputError, Problem, Where, suggestion
from fozzy.faults.http.plan import Plan, Section
from fozzy.faults.http.predefined import PREDEFINED

BLOCK = ("observability", "chaos")  # where a file of MockForge says it


def load(path: Path) -> Plan:
    """The plan of a chaos file, over the scenario that MockForge's block may begin with. *Errors*: as `load_plan`."""
    file = load_plan(path)
    if file.scenario is None:
        return file.plan
    from fozzy.chaos.files.sections import section_over  # few files are of this kind

    below = section_over(file.plan, PREDEFINED[file.scenario])
    section = {field: getattr(below, field) for field in Section.__struct_fields__}
    return msgspec.structs.replace(file.plan, **section)


def load_plan(path: Path, shown: str | None = None) -> ChaosFile:
    """Read a chaos file. *Errors*: `InputError` with every problem of the file. *Limits*: `SCENARIO_BYTES_MAX`."""
    shown = shown or path.as_posix()
    try:
        return _parsed(_read(path, shown))
    except InputError as error:
        raise InputError.of([_ours(problem) for problem in error.problems]) from None


def _parsed(doc: Document) -> ChaosFile:
    """The plan in a text. *Errors*: `InputError`, some of its problems under the codes of scenarios."""
    raw = decode_checked(doc)
    if raw is not None and BLOCK[0] in raw:
        return _mockforge(doc, raw)
    try:
        plan = None if raw is None else msgspec.convert(raw, Plan)
    except (ValueError, RecursionError, TypeError):
        plan = None
    if plan is None:
        raise _explained(doc, Plan, ())
    _check(plan, doc, ())
    return ChaosFile(plan, doc.shown)


def _read(path: Path, shown: str) -> Document:
    if path.suffix in (".yaml", ".yml"):
        message = f"{shown} is YAML, which is not read"
        raise InputError("chaos.not_read", message, hint="write it as TOML or JSON", where=Where(shown))
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for who writes to it
            raise OSError("it is not a file")
        with path.open("rb") as stream:
            data = stream.read(SCENARIO_BYTES_MAX + 1)
    except (OSError, ValueError) as error:  # the latter: a name that no file can have
        message = f"cannot read {shown}: {getattr(error, 'strerror', None) or error}"
        raise InputError("scenario.unreadable", message, where=Where(shown)) from error
    return document(data, shown, shown, _form(path, data))


def _form(path: Path, data: bytes) -> Literal["json", "toml"]:
    """By the name; where that says nothing, a file that begins with a brace is JSON."""
    if path.suffix in (".json", ".toml"):
        return "json" if path.suffix == ".json" else "toml"
    return "json" if data.lstrip()[:1] == b"{" else "toml"


def _mockforge(doc: Document, raw: dict[str, Any]) -> ChaosFile:
    """The plan that does what MockForge's block says; what else such a file holds is MockForge's."""
    from fozzy.faults.http import mockforge  # few files are of this kind

    mixed = [name for name in raw if name in Plan.__struct_fields__ and name != "upstream"]
    inner = raw[BLOCK[0]]
    if mixed or not isinstance(inner, dict) or not isinstance(inner.get(BLOCK[1]), dict):
        said = f'"{mixed[0]}" is fozzy\'s' if mixed else "it has no object there"
        message = f'"observability" makes this a file of MockForge\'s, which says its chaos under "chaos": {said}'
        raise _placed(InputError("chaos.mockforge", f"observability: {message}"), doc, ())
    try:
        block = msgspec.convert(inner[BLOCK[1]], mockforge.Block)
    except (ValueError, RecursionError, TypeError):
        raise _explained(doc, mockforge.Block, BLOCK) from None
    try:
        section = mockforge.section_of(block)
    except InputError as error:
        raise _placed(error, doc, BLOCK) from None
    plan = Plan(enabled=block.enabled, mode=section.mode, latency=section.latency)
    plan = msgspec.structs.replace(plan, faults=section.faults, limits=section.limits)
    _check(plan, doc, BLOCK)
    if block.scenario is not None and block.scenario not in PREDEFINED:
        hint = suggestion(block.scenario, PREDEFINED) or f"there are {', '.join(PREDEFINED)}"
        message = f'scenario: there is no scenario "{block.scenario}"'
        raise _placed(InputError("chaos.unknown_scenario", message, hint=hint), doc, BLOCK)
    return ChaosFile(plan, doc.shown, block.scenario)


def _check(plan: Plan, doc: Document, at: tuple[str, ...]) -> None:
    """As `check_plan`, with places."""
    try:
        check_plan(plan)
    except InputError as error:
        raise _placed(error, doc, at) from None


def _explained(doc: Document, kind: type[msgspec.Struct], at: tuple[str, ...]) -> InputError:
    from fozzy.dsl.validate import explain_as  # a good file does not need it

    return InputError.of(explain_as(doc, kind, remaining_flaws if kind is Plan else lambda _raw: (), at))


def _placed(error: InputError, doc: Document, at: tuple[str, ...]) -> InputError:
    """The same error, each problem at the place that its message names."""
    from fozzy.dsl.locate import line_at, locate

    places, raw = locate(doc.text, doc.form), decode(doc)
    problems: list[Problem] = []
    for problem in error.problems:
        path = named_path(problem.message, raw, at)
        place = places.find(path)
        where = problem.where or Where(doc.shown, place.line, place.col)
        text = line_at(doc.text, place.line)
        problems.append(msgspec.structs.replace(problem, where=where, text=text, length=place.length))
    return InputError.of(sorted(problems, key=lambda each: (each.where or Where("")).line))


def _ours(problem: Problem) -> Problem:
    """A problem as the engine and the control API call it."""
    reason = problem.code.partition(".")[2]
    rest = {field: value for field, value in msgspec.structs.asdict(problem).items() if field != "code"}
    return Problem(code=f"chaos.{_CALLED.get(reason, reason)}", **rest)


_CALLED = {"unknown_field": "unknown_key"}
