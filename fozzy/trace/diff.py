"""Where two traces part: first their headers, then the first record that is another one.

Rule 1: lines are compared as bytes, and only those that differ are decoded; nothing is kept but a little context.
Rule 2: a record that differs in nothing but times is no other record: two recordings of the real world never take
equally long. Where that begins is said apart.
"""

import difflib
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from fozzy.core.events import Record
from fozzy.core.exchange import Exchange
from fozzy.core.lines import lines_of
from fozzy.core.outcome import Camel
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import EvidenceError
from fozzy.trace.format import Counts, Header
from fozzy.trace.reader import Trace, open_trace, record_decoder

CONTEXT = 3  # records before and behind the first difference
DIFFERENCES_MAX = 20  # of one record
LINES_MAX = 2_000  # of scenario text that is compared line by line; comparing costs their product
SHOWN_LINES_MAX = 200
TIMES = ("t", "took")
OF_REQUESTS = ("arrived", "client", "waited_ns", "load", "answer.head_ns", "answer.chunks")
_HUNK = re.compile(r"@@ -(\d+)((?:,\d+)?) \+(\d+)((?:,\d+)?) @@")


class Difference(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A field that differs; null is also what is not there."""

    field: str
    a: Any
    b: Any


class Numbered(Camel, frozen=True, kw_only=True):
    """A record and its number."""

    n: int
    record: Record


class Parting(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """The first record that differs: what both had before, it and what follows on each side. A side may be over."""

    record: int
    before: list[Numbered]
    a: list[Numbered]
    b: list[Numbered]
    differences: list[Difference]


class Side(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """One of the two. `end` is null for a trace without a footer."""

    path: str
    seed: int
    scenario: str
    counts: Counts
    end: str | None


class TraceDiff(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """How two traces differ. `same` means that headers and records are equal, times included."""

    same: bool
    a: Side
    b: Side
    header: list[Difference]
    scenario: list[str]  # a unified diff of the embedded texts
    times_from: int | None
    parting: Parting | None


def diff(a: Path, b: Path, *, unsafe: bool = False) -> TraceDiff:
    """Compare two traces; `unsafe` also reads what no seal covers.

    *Errors*: `EvidenceError` when one cannot be trusted, `StoreError` when one cannot be read.
    *Limits*: reads both in chunks; memory does not grow with them.
    """
    with open_trace(a) as left, open_trace(b) as right:
        if not unsafe:
            left.check_seal()
            right.check_seal()
        headers = left.header(), right.header()
        fields = _header_differences(*headers)
        times_from, parting = _Walk(left, right).find()
        return TraceDiff(
            same=not fields and times_from is None and parting is None,
            a=_side(left, headers[0]),
            b=_side(right, headers[1]),
            header=fields,
            scenario=list(islice(_text_difference(*headers), SHOWN_LINES_MAX)),
            times_from=times_from,
            parting=parting,
        )


class _Walk:
    """Goes over the records of both at once."""

    def __init__(self, a: Trace, b: Trace) -> None:
        self._lines = _lines(a), _lines(b)
        self._before: deque[bytes] = deque(maxlen=CONTEXT)

    def find(self) -> tuple[int | None, Parting | None]:
        """Where times begin to differ, and where records do."""
        times_from = None
        keep = self._before.append
        for number, (line, other) in enumerate(zip_longest(*self._lines)):
            if line != other:
                if line is None or other is None:
                    return times_from, self._part(number, line, other)
                ours, theirs = _decoded(line), _decoded(other)
                if not _is_same_but_for_times(ours, theirs):
                    return times_from, self._part(number, line, other)
                if times_from is None and ours != theirs:
                    times_from = number
            keep(line)
        return times_from, None

    def _part(self, number: int, line: bytes | None, other: bytes | None) -> Parting:
        first = max(0, number - len(self._before))
        firsts = zip((line, other), self._lines, strict=True)
        sides = [_records([mine, *islice(rest, CONTEXT)], number) for mine, rest in firsts]
        both = sides[0][:1] + sides[1][:1]
        return Parting(
            record=number,
            before=_records(list(self._before), first),
            a=sides[0],
            b=sides[1],
            differences=record_differences(both[0].record, both[1].record) if len(both) == 2 else [],
        )


def _lines(trace: Trace) -> Iterator[bytes]:
    """The lines of the records that are whole: a cut-off trace may end within one."""
    for block in trace.blocks():
        yield from block.split(b"\n")[:-1]


def _records(lines: list[bytes | None], first: int) -> list[Numbered]:
    return [Numbered(n=first + index, record=_decoded(line)) for index, line in enumerate(lines) if line is not None]


def _decoded(line: bytes) -> Record:
    try:
        return record_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"a record makes no sense: {error}"
        raise EvidenceError("trace.damaged", message, hint="fozzy trace verify shows what still holds") from error


def _is_same_but_for_times(ours: Record, theirs: Record) -> bool:
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, Exchange) and isinstance(theirs, Exchange):
        return _timeless(ours) == _timeless(theirs)
    if isinstance(ours, Connected) and isinstance(theirs, Connected):
        return replace(ours, t=0, arrived=0, client="") == replace(theirs, t=0, arrived=0, client="")
    if isinstance(ours, Spoken) and isinstance(theirs, Spoken):
        return replace(ours, t=0, arrived=0) == replace(theirs, t=0, arrived=0)
    return all(getattr(ours, field) == getattr(theirs, field) for field in ours.__struct_fields__ if field not in TIMES)


def _timeless(exchange: Exchange) -> Exchange:
    """A request without what the real world does otherwise each time: when, how long, in which pieces, beside whom."""
    answer = exchange.answer
    still = None if answer is None else replace(answer, head_ns=0, chunks=[])
    return replace(exchange, t=0, arrived=0, waited_ns=0, load=0, answer=still)


def record_differences(ours: Record, theirs: Record) -> list[Difference]:
    """What differs, times last."""
    found = list(islice(differences(msgspec.to_builtins(ours), msgspec.to_builtins(theirs), ""), DIFFERENCES_MAX))
    return sorted(found, key=lambda each: each.field.partition("[")[0] in (*TIMES, *OF_REQUESTS))


def differences(a: Any, b: Any, path: str) -> Iterator[Difference]:
    """The leaves in which two values of JSON differ; null is also what is not there."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            yield from differences(a.get(key), b.get(key), f"{path}.{key}" if path else key)
    elif isinstance(a, list) and isinstance(b, list):
        for index, (ours, theirs) in enumerate(zip_longest(a, b)):
            yield from differences(ours, theirs, f"{path}[{index}]")
    elif a != b or type(a) is not type(b):
        yield Difference(field=path, a=a, b=b)


def _header_differences(a: Header, b: Header) -> list[Difference]:
    """The fields of the header that differ, without the scenario's text, which is compared line by line."""
    found = differences(msgspec.to_builtins(a), msgspec.to_builtins(b), "")
    return [each for each in found if each.field != "scenario.text"]


def _text_difference(a: Header, b: Header) -> Iterator[str]:
    """A unified diff of the scenarios. What they begin and end with alike is left out first, so that it stays quick."""
    ours, theirs = lines_of(a.scenario.text), lines_of(b.scenario.text)
    head = _common(ours, theirs)
    tail = _common(ours[head:][::-1], theirs[head:][::-1])
    start = max(0, head - CONTEXT)
    a_part, b_part = (lines[start : min(len(lines) - tail + CONTEXT, start + LINES_MAX)] for lines in (ours, theirs))
    for each in islice(difflib.unified_diff(a_part, b_part, n=CONTEXT, lineterm=""), 2, None):
        yield _HUNK.sub(lambda hunk: _moved(hunk, start), each) if each.startswith("@@") else each


def _common(a: list[str], b: list[str]) -> int:
    return next((index for index, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _moved(hunk: re.Match[str], by: int) -> str:
    return f"@@ -{int(hunk[1]) + by}{hunk[2]} +{int(hunk[3]) + by}{hunk[4]} @@"


def _side(trace: Trace, header: Header) -> Side:
    footer = trace.footer()
    counts = footer.counts if footer else _counted(trace)
    end = footer.end if footer else None
    return Side(path=trace.shown, seed=header.seed, scenario=header.scenario.path, counts=counts, end=end)


def _counted(trace: Trace) -> Counts:
    """What a trace without a footer holds."""
    records = draws = asks = 0
    for line in _lines(trace):
        records += 1
        draws += b'"kind":"draw"' in line[:40]
        asks += b'"kind":"ask"' in line[:40]
    return Counts(records=records, draws=draws, asks=asks, events=records - draws - asks)
