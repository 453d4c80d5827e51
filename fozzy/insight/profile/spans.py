"""The tree of a profile: run > phase > step > nested step or question > function. Every view is a function of it.

Rule 1: virtual and real time are never mixed: a span has both, and real time is none where it was not measured.
Rule 2: the real time between two records belongs to the step of the second: steps are cooperative, nothing else ran.
Rule 3: functions have real time only, and stand one after the other: calls of one place are counted together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from fozzy.core.events import Ask, Event, Found, Record, Step
from fozzy.dsl.steps.call import EVENT
from fozzy.trace.side import FunctionNode, ProfileFile

Kind = Literal["run", "phase", "step", "ask", "function"]
PHASES = ("setup", "steps", "teardown", "end")
CLUSTER = "distributed"
OPERATION = ("op.start", "op.end")
CUT_OFF = "unfinished"  # the type of a step that never said that it ended
_PREFIXES = ("proc", "http", "fs", "net", "memory", "fault")
_OTHERS = {
    "call": "code",
    "sleep": "time",
    "tick": "time",
    "advance": "time",
    "freeze": "time",
    "unfreeze": "time",
    "free_port": "proc",
}
_WAITING = ("assert_eventually", "assert_eventually_kv", "assert_never_kv", "retry")


class Span:
    """A stretch of a run. *Units*: nanoseconds from the run's begin; `real_*` are 0 while nothing was measured."""

    __slots__ = (
        "kind",
        "name",
        "at",
        "note",
        "start_ns",
        "virtual_ns",
        "real_start_ns",
        "real_ns",
        "calls",
        "failed",
        "inside",
    )

    def __init__(self, kind: Kind, name: str, at: str = "", note: str = "") -> None:
        self.kind = kind
        self.name = name
        self.at = at
        self.note = note
        self.start_ns = self.virtual_ns = 0
        self.real_start_ns = self.real_ns = 0
        self.calls = 1
        self.failed = False
        self.inside: list[Span] = []

    @property
    def label(self) -> str:
        """What it is called on a screen: `steps[3] call shop.orders:total`, `price`."""
        if self.kind != "step":
            return self.name
        note = self.note.partition(" ")[0] if self.name == "call" else ""
        return f"{self.at} {self.name} {note}".rstrip()

    @property
    def capability(self) -> str:
        """Who the time is spent with: proc, http, fs, net, code, time, engine."""
        if self.kind == "function":
            return "code"
        if self.kind == "ask":
            return self.name.partition(".")[0]
        return capability_of(self.name) if self.kind == "step" else "engine"

    @property
    def own_virtual_ns(self) -> int:
        """What is not its children's; children of a parallel block overlap, so it is never below 0."""
        return max(0, self.virtual_ns - sum(each.virtual_ns for each in self.inside))

    @property
    def own_real_ns(self) -> int:
        """What is not its children's."""
        return max(0, self.real_ns - sum(each.real_ns for each in self.inside))

    def walk(self) -> Iterator[Span]:
        """Itself and all below it, in order. *Limits*: any depth."""
        waiting = [self]
        while waiting:
            span = waiting.pop()
            yield span
            waiting.extend(reversed(span.inside))


def capability_of(step: str) -> str:
    """Who a step of this type spends its time with."""
    if step in _OTHERS:
        return _OTHERS[step]
    if step in _WAITING:
        return "time"
    first = step.partition("_")[0]
    return first if first in _PREFIXES else "engine"


def parent_of(at: str) -> str:
    """The path of the block a step stands in, empty for one that stands by itself."""
    index = at.rfind("].", 0, len(at) - 1)
    return at[: index + 1] if index >= 0 else ""


def branch_of(at: str) -> str:
    """The branch of the parallel block a step stands in, empty outside of one."""
    above = parent_of(at)
    _, found, name = at[len(above) :].rpartition("[")[0].partition("parallel.branches.")
    return name if found else ""


def _within(at: str) -> str:
    """The path of a record below its phase; all that happens in a cluster and is no step's is the steps' together."""
    if not at.startswith(CLUSTER):
        return at
    below = at.removeprefix(f"{CLUSTER}.")
    return below if below.startswith("steps[") else "steps"


def build(records: Iterable[Record], side: ProfileFile | None) -> Span:
    """The tree of a run from its records and, where it was profiled, its real times."""
    builder = _Builder(side)
    for record in records:
        builder.take(record)
    return builder.finish()


class _Open:
    """A step that has said something and not yet that it ended."""

    __slots__ = ("start_ns", "real_start_ns", "real_ns", "inside", "calls_code", "said")

    def __init__(self, start_ns: int, real_start_ns: int) -> None:
        self.start_ns = start_ns
        self.real_start_ns = real_start_ns
        self.real_ns = 0
        self.inside: list[Span] = []
        self.calls_code = False
        self.said = ""  # the name of an event it wrote


class _Builder:
    def __init__(self, side: ProfileFile | None) -> None:
        self._side = side
        self._times = side.record_ns if side is not None else []
        self._open: dict[str, _Open] = {}
        self._asked: dict[str, tuple[int, _Open]] = {}  # by client: when, and in which step
        self._number = self._call = 0
        self._now_ns = self._real_ns = 0

    def take(self, record: Record) -> None:
        """Add the next record."""
        took_ns = self._times[self._number] if self._number < len(self._times) else 0
        self._number += 1
        begun_ns, self._real_ns = self._real_ns, self._real_ns + took_ns
        before_ns, self._now_ns = self._now_ns, max(self._now_ns, record.t)
        at = _within(record.at) or "end"
        if type(record) is Step:
            self._step(record, at, begun_ns, took_ns)
            return
        if type(record) is Found:
            if record.title == "timeout" and "[" in at:
                self._opened(at, before_ns, begun_ns)  # the step it struck never says that it ended
            at = at.partition("[")[0]
        here = self._opened(at, record.t, begun_ns)
        here.real_ns += took_ns
        if type(record) is Ask:
            span = Span("ask", record.label, at)
            span.start_ns, span.virtual_ns = record.t, record.took
            span.real_start_ns, span.real_ns = begun_ns, took_ns
            span.note = str(record.request.get("name", "")) if isinstance(record.request, dict) else ""
            here.inside.append(span)
            self._now_ns = max(self._now_ns, record.t + record.took)
        elif type(record) is Event and record.name in OPERATION:
            self._operation(record, here)
        elif type(record) is Event:
            here.calls_code |= record.name == EVENT and "function" in record.fields
            here.said = record.name

    def finish(self) -> Span:
        """The whole run."""
        while cut_off := [at for at in self._open if "[" in at]:
            at = max(cut_off, key=len)
            span = Span("step", CUT_OFF, at)
            span.failed = True
            self._close(span, self._open.pop(at), self._now_ns)
        root = Span("run", "run")
        for name in PHASES:
            if name in self._open:
                root.inside.append(self._phase(name, self._open.pop(name)))
        root.virtual_ns = self._now_ns
        root.real_ns = self._real_ns + (self._side.end_ns if self._side is not None else 0)
        return root

    def _opened(self, at: str, start_ns: int, real_start_ns: int) -> _Open:
        here = self._open.get(at)
        if here is None:
            here = self._open[at] = _Open(start_ns, real_start_ns)
        return here

    def _operation(self, record: Event, here: _Open) -> None:
        """A client of a cluster asks, and is told."""
        client = str(record.fields.get("client", ""))
        if record.name == OPERATION[0]:
            self._asked[client] = record.t, here
        elif client in self._asked:
            start_ns, begun = self._asked.pop(client)
            span = Span("ask", f"client.{record.fields.get('op', '')}", record.at, client)
            span.start_ns, span.virtual_ns, span.failed = start_ns, record.t - start_ns, "error" in record.fields
            begun.inside.append(span)

    def _step(self, record: Step, at: str, begun_ns: int, took_ns: int) -> None:
        start_ns = max(0, record.t - record.took)
        here = self._open.pop(at, None) or _Open(start_ns, begun_ns)
        here.real_ns += took_ns
        span = Span("step", record.type, at, record.note or here.said)
        span.failed = bool(record.failed)
        if here.calls_code and record.type == "call":
            self._functions(here)
        here.start_ns = start_ns
        self._close(span, here, record.t)

    def _close(self, span: Span, here: _Open, end_ns: int) -> None:
        """A step ends: it has what stands inside, and stands in its block from now on."""
        span.start_ns, span.virtual_ns = here.start_ns, max(0, end_ns - here.start_ns)
        span.inside = here.inside
        span.real_start_ns = min([here.real_start_ns, *(each.real_start_ns for each in here.inside)])
        # a question's time is among its step's records already, a nested step's is not
        span.real_ns = here.real_ns + sum(each.real_ns for each in here.inside if each.kind == "step")
        above = parent_of(span.at) or span.at.partition("[")[0]
        self._opened(above, span.start_ns, span.real_start_ns).inside.append(span)

    def _functions(self, here: _Open) -> None:
        """What was watched of the call that ends now."""
        calls = self._side.calls if self._side is not None else []
        if self._call < len(calls):
            here.inside += _placed(calls[self._call].functions, here.real_start_ns, here.start_ns)
        self._call += 1

    def _phase(self, name: str, here: _Open) -> Span:
        span = Span("phase", name)
        span.inside = here.inside
        span.start_ns = min((each.start_ns for each in here.inside), default=here.start_ns)
        span.virtual_ns = max((each.start_ns + each.virtual_ns for each in here.inside), default=span.start_ns)
        span.virtual_ns -= span.start_ns
        span.real_start_ns = min((each.real_start_ns for each in here.inside), default=here.real_start_ns)
        span.real_ns = here.real_ns + sum(each.real_ns for each in here.inside if each.kind == "step")
        return span


def _placed(nodes: list[FunctionNode], real_start_ns: int, start_ns: int) -> list[Span]:
    """Functions as spans, one after the other from where their caller begins."""
    spans: list[Span] = []
    for node in nodes:
        span = Span("function", node.name, node.at)
        span.calls, span.real_ns = node.calls, node.real_ns
        span.start_ns, span.real_start_ns = start_ns, real_start_ns
        span.inside = _placed(node.inside, real_start_ns, start_ns)
        real_start_ns += node.real_ns
        spans.append(span)
    return spans


def plain_fields(span: Span) -> dict[str, Any]:
    """What a span is, for exports."""
    return {"kind": span.kind, "at": span.at, "note": span.note, "capability": span.capability, "calls": span.calls}
