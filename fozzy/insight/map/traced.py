"""What one recorded run did to the code around it, read from its trace and the coverage file beside it.

Nothing of a trace is believed before its seal was compared. Only answers of the outside world count: a scripted
process or request touches nothing, and a run made smaller by `shrink` has its answers from another run's trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fozzy.core.events import Ask, Event, Record, Step
from fozzy.dsl.steps.call import EVENT
from fozzy.trace.reader import Trace, open_trace, record_decoder

_MARKS = (b'"call"', b'"proc.s', b'"http.')  # what stands in every line that matters here
_NEVER_STARTED = ("not_found", "denied", "io", "unscripted")


class Called(NamedTuple):
    """A function that was called: `package.module:name`. `ran` is false when it came no further than the import."""

    function: str
    ran: bool


class Started(NamedTuple):
    """A process of the host."""

    words: tuple[str, ...]
    cwd: str


class Requested(NamedTuple):
    """A request that was answered over a real connection."""

    method: str
    url: str


class Origin(NamedTuple):
    """Which run it was, and what its scenario is."""

    run_id: str
    trace: str
    scenario: str
    started_at: str


class Traced(NamedTuple):
    """What a run did. `base_url` is what its requests were completed with."""

    origin: Origin
    seal: str
    calls: list[Called]
    started: list[Started]
    requested: list[Requested]
    base_url: str


def read_trace(path: Path, shown: str) -> Traced:
    """*Errors*: `StoreError`, `EvidenceError`."""
    with open_trace(path) as trace:
        trace.check_seal()
        seal, _ = trace.seal()
        header, footer = trace.header(), trace.footer()
        origin = Origin(
            footer.run_id if footer else "", shown, header.scenario.path, footer.started_at if footer else ""
        )
        traced = Traced(origin, seal, [], [], [], header.http_base_url)
        asks_live = header.mode != "shrink"
        waiting: dict[str, Event] = {}
        for record in _records(trace):
            if type(record) is Ask and asks_live:
                _asked(record, traced)
            elif type(record) is Event and record.name == EVENT:
                waiting[record.at] = record
            elif type(record) is Step and record.type == "call" and record.at in waiting:
                traced.calls.append(_called(waiting.pop(record.at), record))
    return traced


def _records(trace: Trace) -> Iterator[Record]:
    """The records that can matter; all others are passed over undecoded."""
    for block in trace.blocks():
        if any(mark in block for mark in _MARKS):
            lines = [line for line in block.split(b"\n") if any(mark in line for mark in _MARKS)]
            yield from record_decoder.decode_lines(b"\n".join(lines))


def _asked(record: Ask, traced: Traced) -> None:
    request, answer = record.request, record.answer
    if not isinstance(request, dict) or not isinstance(answer, dict):
        return
    if record.label in ("proc.spawn", "proc.start"):
        failure = answer.get("failure")
        if not (isinstance(failure, dict) and failure.get("kind") in _NEVER_STARTED):
            words = (request.get("cmd", ""), *request.get("args", ()))
            traced.started.append(Started(tuple(map(str, words)), str(request.get("cwd", ""))))
    elif record.label == "http.send" and answer.get("status"):
        traced.requested.append(_requested(request))
    elif record.label == "http.burst" and any(_answered(each) for each in answer.get("answers", ())):
        traced.requested.append(_requested(request.get("request")))


def _answered(each: Any) -> bool:
    return isinstance(each, dict) and bool((each.get("answer") or {}).get("status"))


def _requested(request: Any) -> Requested:
    told = request if isinstance(request, dict) else {}
    return Requested(str(told.get("method", "")).upper(), str(told.get("url", "")))


def _called(event: Event, step: Step) -> Called:
    """Whether the function itself ran: it did when it returned or raised, not when importing its module did."""
    ended = "result" in event.fields or "raised" in event.fields or "died" in event.fields or "hung" in event.fields
    imported = "cannot be imported" in step.failed or step.failed.startswith("importing ")
    started = "no interpreter could be started" not in step.failed
    return Called(str(event.fields.get("function", "")), ended and not imported and started)
