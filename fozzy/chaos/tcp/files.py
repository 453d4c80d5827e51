"""Chaos files for TCP: TOML, JSON or YAML with the fields of `faults/tcp/plan.py`, or Toxiproxy's config, a JSON array of proxies.

The fast way only says whether a file is good. When it is not, every problem is told with its place, as of other files.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from fozzy.chaos.files.reading import explained, placed, read_document, renamed
from fozzy.chaos.files.remaining import remaining_flaws
from fozzy.core.forms import Form
from fozzy.dsl.document import Document
from fozzy.dsl.load import decode_checked
from fozzy.errors import InputError, Problem, Where
from fozzy.faults.http.forms import formed
from fozzy.faults.tcp.check import checked
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import TcpPlan

AnyPlan = TcpPlan | dict[str, Any] | list[Any] | str | Path

_UNKNOWN = re.compile(r'has no field "(.+)"')
_ATTRIBUTES: dict[Form, str] = {
    "json": '"attributes": {{"{}": …}}',
    "toml": "attributes = {{ {} = … }}",
    "yaml": "attributes: {{ {}: … }}",
}
_LIST_HEAD = '{"proxies":\n'  # Toxiproxy's array made a file of ours; it has one line more


def load_tcp(path: Path, shown: str | None = None) -> TcpPlan:
    """The plan of a chaos file. *Errors*: `InputError` with every problem of the file. *Limits*: `SCENARIO_BYTES_MAX`."""
    shown = shown or path.as_posix()
    try:
        doc = read_document(path, shown)
        if not _is_list(doc):
            return _parsed(doc)
        whole = msgspec.structs.replace(doc, text=f"{_LIST_HEAD}{doc.text}\n}}", form="json")
        try:
            return _parsed(whole)
        except InputError as error:
            raise InputError.of([_line_up(problem) for problem in error.problems]) from None
    except InputError as error:
        raise renamed(error) from None


def plan_of(given: AnyPlan | None) -> TcpPlan:
    """A plan in any form: a plan, builtin values as a file holds them, or the path of one. *Errors*: `InputError`."""
    if given is None or isinstance(given, TcpPlan):
        return checked(given or TcpPlan())
    if isinstance(given, str | Path):
        return load_tcp(Path(given))
    said = {"proxies": given} if isinstance(given, list) else given
    return checked(_without_schema(formed(TcpPlan, said)))


def _is_list(doc: Document) -> bool:
    """Whether it is a JSON array: by its name, or since no table of TOML begins so."""
    text = doc.text.lstrip()
    if doc.form == "yaml" or not text.startswith("["):
        return False
    return doc.form == "json" or text[1:].lstrip()[:1] in ("{", "]")


def _parsed(doc: Document) -> TcpPlan:
    raw = decode_checked(doc)
    try:
        plan = None if raw is None else msgspec.convert(raw, TcpPlan)
    except (ValueError, RecursionError, TypeError):
        plan = None
    if plan is None:
        error = explained(doc, TcpPlan, partial(remaining_flaws, kind=TcpPlan, check=checked))
        raise InputError.of([_led(problem, raw, doc.form) for problem in error.problems])
    try:
        return checked(_without_schema(plan))
    except InputError as error:
        raise placed(error, doc) from None


def _without_schema(plan: TcpPlan) -> TcpPlan:
    """What is for editors is no part of what is done, nor of a trace."""
    return plan if plan.schema_ is None else msgspec.structs.replace(plan, schema_=None)


def _led(problem: Problem, raw: Any, form: Form) -> Problem:
    """A problem that is an attribute beside `attributes` says where it belongs."""
    key = _UNKNOWN.search(problem.message)
    if key is None or key[1] not in _strayed(raw):
        return problem
    there = _ATTRIBUTES[form].format(key[1])
    return msgspec.structs.replace(problem, hint=f"attributes of its type stand together: {there}")


def _strayed(raw: Any) -> set[str]:
    """The attributes that stand in a toxic itself."""
    found: set[str] = set()
    for proxy in _objects(raw, "proxies"):
        for toxic in _objects(proxy, "toxics"):
            kind = KINDS.get(str(toxic.get("type")))
            found.update(() if kind is None else kind.__struct_encode_fields__)
    return found


def _objects(raw: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list, where there is one."""
    listed = raw.get(name) if isinstance(raw, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _line_up(problem: Problem) -> Problem:
    """A problem of a wrapped array where it stands in the file."""
    where, first = problem.where, problem.first
    return msgspec.structs.replace(problem, where=where and _up(where), first=first and _up(first))


def _up(where: Where) -> Where:
    return msgspec.structs.replace(where, line=where.line - 1) if where.line > 1 else where
