"""Compares what two witnesses said of the same scenario, and finds the first record that differs.

Rule 1: what runs inside fozzy alone is compared byte for byte.
Rule 2: what asks the real world is compared without what differs by nature: how long it took, when it was (also in the
`Date` of an HTTP answer), how much memory a process had, and the number of a free port, wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fozzy.core.events import Record
from fozzy.engine.tape import describe
from fozzy.trace.diff import Difference, record_differences
from fozzy.trace.reader import record_decoder

SHOWN_CHARS_MAX = 120
HEAD_CHARS = 60  # of a record, before the value that differs
BEFORE_CHARS = 12  # of a long value, before what differs
PORT = "proc.port"
FIRST_PORT = 40_001  # what stands for the first free port of a run
_BY_NATURE = ("t", "took")
_MEMORY = "peak_bytes"


class Parting(NamedTuple):
    """The first difference: the record's number (-1 is the header), both sides in words, and as records."""

    number: int
    first: str
    other: str
    differences: list[Difference]
    record: Record | None


class Spot(NamedTuple):
    """Where a record of a cluster was made. `time_ns` is virtual, `at` a line of the user's; empty what is not known."""

    node: str = ""
    time_ns: int | None = None
    at: str = ""


def parting(first: Path, other: Path, *, is_live: bool) -> Parting | None:
    """Where two statements part; none when they are the same."""
    with first.open("rb") as a, other.open("rb") as b:
        sides = (_Side(), _Side())
        for number, (ours, theirs) in enumerate(zip_longest(a, b), -1):
            if number >= 0 and is_live:
                ours, theirs = sides[0].plain(ours), sides[1].plain(theirs)
            if ours != theirs:
                return parted_at(number, ours, theirs)
    return None


class _Side:
    """One side of a comparison of live runs: it knows the ports it was given."""

    def __init__(self) -> None:
        self._ports: dict[bytes, bytes] = {}
        self._pattern: re.Pattern[bytes] | None = None

    def plain(self, line: bytes | None) -> bytes | None:
        """A record without what differs by nature."""
        if line is None:
            return None
        record = msgspec.json.decode(line)
        record |= {key: 0 for key in _BY_NATURE if key in record}
        answer = record.get("answer")
        if isinstance(answer, dict):
            record["answer"] = {key: value for key, value in answer.items() if key != _MEMORY} | _undated(answer)
            if record["label"] == PORT and "port" in answer:
                self._learn(b"%d" % answer["port"])
        data = msgspec.json.encode(record)
        return data if self._pattern is None else self._pattern.sub(lambda port: self._ports[port[0]], data)

    def _learn(self, port: bytes) -> None:
        self._ports.setdefault(port, b"%d" % (FIRST_PORT + len(self._ports)))
        self._pattern = re.compile(rb"(?<!\d)(" + b"|".join(self._ports) + rb")(?!\d)")


def _undated(answer: dict[str, Any]) -> dict[str, Any]:
    """The headers of an HTTP answer without the time it was made."""
    headers = answer.get("headers")
    if not isinstance(headers, list):
        return {}
    return {"headers": [each for each in headers if not (isinstance(each, list) and str(each[0]).lower() == "date")]}


def parted_at(number: int, ours: bytes | None, theirs: bytes | None) -> Parting:
    """How the two lines differ that have this number."""
    if number < 0:
        return Parting(number, _header(ours), _header(theirs), [], None)
    records = [_record(line) for line in (ours, theirs)]
    first, other = records
    differences = record_differences(first, other) if first is not None and other is not None else []
    sides = [_in_words(record, line) for record, line in zip(records, (ours, theirs), strict=True)]
    return Parting(number, *_apart(sides[0], sides[1], differences), differences, first or other)


def _record(line: bytes | None) -> Record | None:
    try:
        return None if line is None else record_decoder.decode(line)
    except msgspec.DecodeError:
        return None  # an error stands in its place


def _in_words(record: Record | None, line: bytes | None) -> str:
    if record is not None:
        return describe(record)
    return "the end of the run" if line is None else line.decode().strip()[:SHOWN_CHARS_MAX]


def _apart(first: str, other: str, differences: list[Difference]) -> tuple[str, str]:
    """Both sides in words; of a long record what it is, and the first value that differs."""
    if not differences:
        return first, other
    each = differences[0]
    values = [msgspec.json.encode(value).decode() for value in (each.a, each.b)]
    same = next((at for at, (a, b) in enumerate(zip(*values, strict=False)) if a != b), min(map(len, values)))
    start = max(0, same - BEFORE_CHARS) if same > 2 * BEFORE_CHARS else 0
    shown = [_clipped(("…" if start else "") + value[start:]) for value in values]
    return f"{_head(first)}  {each.field} = {shown[0]}", f"{_head(other)}  {each.field} = {shown[1]}"


def _clipped(value: str) -> str:
    return value if len(value) <= SHOWN_CHARS_MAX else f"{value[: SHOWN_CHARS_MAX - 1]}…"


def _head(side: str) -> str:
    return side if len(side) <= HEAD_CHARS else side[: HEAD_CHARS - 1] + "…"


def _header(line: bytes | None) -> str:
    return "no header" if line is None else line.decode()[:SHOWN_CHARS_MAX]


def texts(found: Parting) -> Iterator[tuple[str, str]]:
    """The texts in which both sides differ, most telling first."""
    for each in found.differences:
        yield _plain(each.a), _plain(each.b)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
