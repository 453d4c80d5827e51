"""Evidence that code was run: recorded runs that touched it, and nothing else. A name that matches is no evidence.

Rule 1: *covered* is a line of its body that ran, or a call of the function itself.
Rule 2: *touched* is a program whose file was started on the host, or a URL of a handler that was really requested.
Rule 3: *imported* is a module that was imported for another function's sake; it says nothing of this one.
Rule 4: what is older than the file is *stale*.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from fozzy.errors import FozzyError
from fozzy.insight.map.doubts import Doubts
from fozzy.insight.map.history import History
from fozzy.insight.map.model import STATES, Evidence, EvidenceKind, State
from fozzy.insight.map.places import Places
from fozzy.insight.map.reading import Tree
from fozzy.insight.map.stored import Kept, kept_runs
from fozzy.insight.map.traced import Origin, Traced, read_trace
from fozzy.insight.map.units import Unit
from fozzy.trace.finalize import shown_path
from fozzy.trace.side import CoverageFile, read_side

if TYPE_CHECKING:
    from fozzy.insight.map.topology import Scope


MILLISECOND_S = 0.001  # a run's start is written in whole ones


class Fact(NamedTuple):
    """What one run did to one unit or file."""

    kind: EvidenceKind
    state: State
    origin: Origin
    said: str


class Evident:
    """What all recorded runs did, by unit."""

    def __init__(self, past: History) -> None:
        self.traces = self.coverage_files = 0
        self.scenarios: dict[str, set[str]] = {}  # runs of each scenario
        self._past = past
        self._facts: dict[tuple[str, str, int], list[Fact]] = {}
        self._changed_s: dict[str, float] = {}

    def add(self, unit: Unit, fact: Fact) -> None:
        """One more run that touched a unit."""
        self._facts.setdefault((unit.path, unit.name, unit.line), []).append(fact)

    def of(self, unit: Unit) -> list[Evidence]:
        """Everything about a unit, the best first: not stale, by state, the newest."""
        facts = dict.fromkeys(self._facts.get((unit.path, unit.name, unit.line), ()))
        found = [self._told(unit.path, fact) for fact in facts]
        found.sort(key=lambda each: each.started_at, reverse=True)
        return sorted(found, key=lambda each: (each.stale, STATES.index(each.state)))

    def ran(self, origin: Origin) -> None:
        """A run of a scenario was looked at."""
        self.scenarios.setdefault(origin.scenario, set()).add(origin.run_id)

    def _told(self, path: str, fact: Fact) -> Evidence:
        if path not in self._changed_s:
            self._changed_s[path] = self._past.changed_s(path)
        return Evidence(
            kind=fact.kind,
            state=fact.state,
            run_id=fact.origin.run_id,
            trace_path=fact.origin.trace,
            scenario=fact.origin.scenario,
            started_at=fact.origin.started_at,
            said=fact.said,
            stale=_seconds(fact.origin.started_at) + MILLISECOND_S <= self._changed_s[path],
        )


def gather(scope: Scope, tree: Tree, past: History, doubts: Doubts) -> Evident:
    """Read every run of the store and every kept trace. *Limits*: those of `stored`; what is over them is a doubt."""
    evident = Evident(past)
    places = Places(scope.root, scope.project, tree)
    seen: set[str] = set()
    for kept in kept_runs(scope, doubts):
        traced = _trace(kept, doubts)
        if traced is not None and traced.seal not in seen:
            seen.add(traced.seal)
            evident.traces += 1
            evident.ran(traced.origin)
            for unit, fact in _of_trace(traced, places):
                evident.add(unit, fact)
        lines = _coverage(kept, traced, doubts)
        if lines is not None:
            evident.coverage_files += 1
            origin = traced.origin if traced else kept.origin._replace(scenario=lines.scenario)
            evident.ran(origin)
            for unit, fact in _of_lines(lines, origin, places):
                evident.add(unit, fact)
    return evident


def _trace(kept: Kept, doubts: Doubts) -> Traced | None:
    if kept.trace is None:
        return None
    try:
        return read_trace(kept.trace, shown_path(kept.trace))
    except FozzyError as error:
        if os.path.lexists(kept.trace):  # a run may be removed while we look
            doubts.add("unreadable_trace", shown_path(kept.trace), error.message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        doubts.add("unreadable_trace", shown_path(kept.trace), f"a record makes no sense: {error}")
    return None


def _coverage(kept: Kept, traced: Traced | None, doubts: Doubts) -> CoverageFile | None:
    """The lines that ran, if they belong to this run."""
    if kept.coverage is None:
        return None
    shown = shown_path(kept.coverage)
    try:
        found = read_side(kept.coverage, CoverageFile)
    except FozzyError as error:
        doubts.add("unreadable_coverage", shown, error.message)
        return None
    why = _mismatch(found, kept, traced) if found is not None else "it leads nowhere"
    if why and os.path.lexists(kept.coverage):  # a run may be removed while we look
        doubts.add("unreadable_coverage", shown, why)
    return None if why else found


def _mismatch(found: CoverageFile, kept: Kept, traced: Traced | None) -> str:
    """Why lines do not belong to a run; empty when they do."""
    if traced is not None and found.trace_digest != traced.seal:
        return "it belongs to another trace than the one beside it"
    if traced is None and (found.trace_digest or kept.trace):
        return "the trace it belongs to is not there, or not sealed"
    return ""


def _of_trace(traced: Traced, places: Places) -> Iterator[tuple[Unit, Fact]]:
    for call in (each for each in traced.calls if each.ran):
        for unit in places.module(call.function, traced.origin.scenario):
            if unit.name == call.function.partition(":")[2]:
                yield unit, Fact("call", "covered", traced.origin, f"call {call.function}")
            elif not unit.name:
                yield unit, Fact("import", "covered", traced.origin, f"import for {call.function}")
            else:
                yield unit, Fact("import", "imported", traced.origin, f"import for {call.function}")
    for started in traced.started:
        said = " ".join(started.words)[:100]
        for unit in places.program(started):
            yield unit, Fact("process", "covered" if not unit.name else "touched", traced.origin, said)
    for request in traced.requested:
        for unit, route in places.handlers(request, traced.base_url):
            yield unit, Fact("url", "touched", traced.origin, f"{request.method} {route}")


def _of_lines(lines: CoverageFile, origin: Origin, places: Places) -> Iterator[tuple[Unit, Fact]]:
    for file, numbers in sorted(lines.files.items()):
        for unit, ran in _by_unit(places.file(file), numbers):
            if ran:
                said = f"{ran} line{'' if ran == 1 else 's'} ran"
                yield unit, Fact("lines", "covered", origin, said)
            else:
                yield unit, Fact("import", "imported", origin, "its file ran, its body did not")


def _by_unit(units: Iterable[Unit], numbers: Iterable[int]) -> Iterator[tuple[Unit, int]]:
    """How many lines of each unit's own body ran. The line of a `def` runs when what is around it does."""
    bodies = sorted(units, key=lambda each: (each.body, -each.end))
    counts = [0] * len(bodies)
    for number in set(numbers):
        inside = [index for index, each in enumerate(bodies) if each.body <= number <= each.end]
        if inside:
            counts[inside[-1]] += 1
    return zip(bodies, counts, strict=True)


def _seconds(iso: str) -> float:
    try:
        return datetime.fromisoformat(iso).timestamp()
    except ValueError:
        return 0.0
