"""Chaos files: TOML, JSON or YAML with the fields of `faults/http/plan.py`, or with MockForge's `observability.chaos` block.

The fast way only says whether a file is good. When it is not, `dsl/validate` goes over it again to find every problem
and its place. What the engine refuses is named by the field's path in its message, and so finds its place here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from fozzy.chaos.files.checked import ChaosFile, check_plan
from fozzy.chaos.files.reading import explained, placed, read_document, renamed
from fozzy.chaos.files.remaining import remaining_flaws
from fozzy.dsl.document import Document
from fozzy.dsl.load import decode_checked
from fozzy.errors import InputError, suggestion
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
        return _parsed(read_document(path, shown))
    except InputError as error:
        raise renamed(error) from None


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


def _mockforge(doc: Document, raw: dict[str, Any]) -> ChaosFile:
    """The plan that does what MockForge's block says; what else such a file holds is MockForge's."""
    from fozzy.faults.http import mockforge  # few files are of this kind

    mixed = [name for name in raw if name in Plan.__struct_fields__ and name != "upstream"]
    inner = raw[BLOCK[0]]
    if mixed or not isinstance(inner, dict) or not isinstance(inner.get(BLOCK[1]), dict):
        said = f'"{mixed[0]}" is fozzy\'s' if mixed else "it has no object there"
        message = f'"observability" makes this a file of MockForge\'s, which says its chaos under "chaos": {said}'
        raise placed(InputError("chaos.mockforge", f"observability: {message}"), doc, ())
    try:
        block = msgspec.convert(inner[BLOCK[1]], mockforge.Block)
    except (ValueError, RecursionError, TypeError):
        raise _explained(doc, mockforge.Block, BLOCK) from None
    try:
        section = mockforge.section_of(block)
    except InputError as error:
        raise placed(error, doc, BLOCK) from None
    plan = Plan(enabled=block.enabled, mode=section.mode, latency=section.latency)
    plan = msgspec.structs.replace(plan, faults=section.faults, limits=section.limits)
    _check(plan, doc, BLOCK)
    if block.scenario is not None and block.scenario not in PREDEFINED:
        hint = suggestion(block.scenario, PREDEFINED) or f"there are {', '.join(PREDEFINED)}"
        message = f'scenario: there is no scenario "{block.scenario}"'
        raise placed(InputError("chaos.unknown_scenario", message, hint=hint), doc, BLOCK)
    return ChaosFile(plan, doc.shown, block.scenario)


def _check(plan: Plan, doc: Document, at: tuple[str, ...]) -> None:
    """As `check_plan`, with places."""
    try:
        check_plan(plan)
    except InputError as error:
        raise placed(error, doc, at) from None


def _explained(doc: Document, kind: type[msgspec.Struct], at: tuple[str, ...]) -> InputError:
    return explained(doc, kind, remaining_flaws if kind is Plan else lambda _raw: (), at)
