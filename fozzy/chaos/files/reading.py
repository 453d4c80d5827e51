"""Reads files that say what goes wrong, over HTTP or TCP, and names the place of each problem in them.

What the engine refuses is named by the field's path in its message, and so finds its place in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from fozzy.chaos.files.remaining import named_path
from fozzy.core.forms import Form, form_of_file
from fozzy.dsl.document import Document
from fozzy.dsl.flaw import Flaw
from fozzy.dsl.load import decode, document, read_bytes
from fozzy.errors import InputError, Problem, Where

Rules = Callable[[dict[str, Any]], Iterable[Flaw]]


def read_document(path: Path, shown: str) -> Document:
    """The text of a chaos file. *Errors*: `InputError`. *Limits*: `SCENARIO_BYTES_MAX`."""
    data = read_bytes(path, shown)
    return document(data, shown, shown, _form(path, data))


def explained(doc: Document, kind: type[msgspec.Struct], rules: Rules, at: tuple[str, ...] = ()) -> InputError:
    """Every problem of a document that is no `kind`, or that `rules` find something in."""
    from fozzy.dsl.validate import explain_as  # a good file does not need it

    return InputError.of(explain_as(doc, kind, rules, at))


def placed(error: InputError, doc: Document, at: tuple[str, ...] = ()) -> InputError:
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


def renamed(error: InputError) -> InputError:
    """The same error, its problems as the engine and the control API call them."""
    return InputError.of([_ours(problem) for problem in error.problems])


def _form(path: Path, data: bytes) -> Form:
    """By the name; where that says nothing, a file that begins with a brace is JSON, and other ones are TOML."""
    return form_of_file(path.name) or ("json" if data.lstrip()[:1] == b"{" else "toml")


def _ours(problem: Problem) -> Problem:
    reason = problem.code.partition(".")[2]
    rest = {field: value for field, value in msgspec.structs.asdict(problem).items() if field != "code"}
    return Problem(code=f"chaos.{_CALLED.get(reason, reason)}", **rest)


_CALLED = {"unknown_field": "unknown_key"}
