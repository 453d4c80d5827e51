"""Findings with their place in the file: the path of a step becomes a line, a column and the text that stands there."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence

import msgspec

from fozzy.core.events import Ask, Draw, Found, Record, Step
from fozzy.core.outcome import Finding, FindingKind, Location
from fozzy.dsl.document import Document
from fozzy.dsl.scenario import Runnable, StepsFile

_SEGMENT = re.compile(r"([^\[\]]+)((?:\[\d{1,9}\])*)")
_WORD = re.compile(r"[^.\[\]]+")
TEXT_CHARS_MAX = 400


def steps_path(at: str) -> tuple[str | int, ...]:
    """`steps[3].retry.steps[0]` as the path in the file: the type after an index is said for people only."""
    path: list[str | int] = []
    after_index = False
    for segment in at.split("."):
        match = _SEGMENT.fullmatch(segment)
        if match is None:
            continue
        if not (after_index and not match[2]):
            path.append(match[1])
            path += [int(number) for number in re.findall(r"\d+", match[2])]
        after_index = bool(match[2])
    return tuple(path)


def place(
    found: Sequence[Found],
    document: Document,
    text: str,
    before: Sequence[str] = (),
    included: Mapping[str, Document] | None = None,
) -> list[Finding]:
    """The findings of a run with their places in `text`, which is the document's without its secrets.

    `included` has the documents of included files by the path their steps begin with, as `Plan.included`.
    """
    made: list[Finding] = []
    main = msgspec.structs.replace(document, text=text)
    for index, each in enumerate(found):
        kind: FindingKind = each.finding  # type: ignore[assignment]
        made.append(
            Finding(
                kind=kind,
                title=each.title,
                message=each.message,
                location=_location(each, main, included or {}),
                before=before[index] if index < len(before) else "",
                around=each.around,
            )
        )
    return made


def _location(found: Found, document: Document, included: Mapping[str, Document]) -> Location:
    from fozzy.dsl.locate import line_at, locate  # a run without findings needs no places

    at = found.at
    for inside in sorted(included, key=len, reverse=True):  # the innermost include first
        if at.startswith(inside + "."):
            document, at = included[inside], at[len(inside) + 1 :]
            break
    path = steps_path(at)
    field = tuple(int(word) if word.isdigit() else word for word in _WORD.findall(found.field))
    places = locate(document.text, document.form)
    spot = places.find((*(_written(path, places.values) if path[:1] == ("distributed",) else path), *field))
    line = line_at(document.text, spot.line)
    cut = max(0, spot.col - 1 - TEXT_CHARS_MAX // 2) if len(line) > TEXT_CHARS_MAX else 0
    return Location(
        file=document.shown,
        line=spot.line,
        col=spot.col,
        path=found.at,
        text=line[cut : cut + TEXT_CHARS_MAX],
        cut=cut,
        length=spot.length,
        label=found.label,
        details=found.details,
    )


def _written(path: tuple[str | int, ...], known: Container[tuple[str | int, ...]]) -> tuple[str | int, ...]:
    """What a part of a cluster is written as: a node that is only counted is its program, a client the client class."""
    if path in known or len(path) < 3:
        return path
    words = {"nodes": ("program", "asgi", "builtin", "node_count"), "clients": ("client",)}.get(str(path[1]), ())
    return next((found for word in words if (found := ("distributed", word)) in known), path)


class Tally:
    """A sink that counts steps and remembers what stood before each finding."""

    def __init__(self) -> None:
        self.steps = self.draws = self.asks = 0
        self.before: list[str] = []
        self._last: Step | None = None

    def __call__(self, records: Sequence[Record]) -> None:
        """Look at a block of records."""
        for record in records:
            if type(record) is Step:
                self.steps += 1
                if not record.failed:
                    self._last = record
            elif type(record) is Draw:
                self.draws += 1
            elif type(record) is Ask:
                self.asks += 1
            elif type(record) is Found:
                self.before.append(f"{self._last.type} {self._last.note}" if self._last and self._last.note else "")


def steps_count(file: Runnable) -> int:
    """How many top-level steps a scenario has, setup included."""
    if isinstance(file, StepsFile):
        return len(file.setup or ()) + len(file.steps)
    return len(file.distributed.steps or ())


def nodes_count(file: Runnable) -> int:
    """How many nodes a distributed scenario has; 0 for any other."""
    if isinstance(file, StepsFile):
        return 0
    return file.distributed.node_count or len(file.distributed.nodes or ())


def failed_step(file: Runnable, found: Sequence[Found]) -> int:
    """Which of them the first finding that is no mere warning lies in, from 1; 0 when none does."""
    failing = next((each for each in found if each.status != "pass"), None)
    setup = file.setup or () if isinstance(file, StepsFile) else ()
    return step_number(failing.at, len(setup)) if failing else 0


def step_number(at: str, setup_count: int) -> int:
    """Which top-level step of setup and steps together a path lies in, from 1; 0 for any other part."""
    path = steps_path(at)
    if path[:1] == ("distributed",):
        path = path[1:]
    if len(path) < 2 or path[0] not in ("setup", "steps") or not isinstance(path[1], int):
        return 0
    return path[1] + 1 + (setup_count if path[0] == "steps" else 0)
