"""A failing trace as something to search in: its scenario as a script, its choices as a tape, its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from blake3 import blake3

from fozzy.core.events import Ask, Draw, Found
from fozzy.core.redact import Redactor
from fozzy.dsl.document import Document, Loaded
from fozzy.dsl.format_json import format_json
from fozzy.dsl.load import decode
from fozzy.engine.code import NO_CODE, Allowance
from fozzy.engine.prepare import learn_from
from fozzy.engine.replay import embedded
from fozzy.errors import EvidenceError, UsageError
from fozzy.search.scenario import GROWTH_MAX, RECORDS_SPARE, Origin, ScenarioSubject
from fozzy.search.script import Script, script_of
from fozzy.search.subject import Candidate, Failure, Outcome, Tape, failure_of
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import Header
from fozzy.trace.reader import Trace, open_trace

DROPPED = ("$schema", "expect")  # they speak of the file as it was


class Failing(NamedTuple):
    """A failing run, ready to be run again with other choices. *Closes*: its subject's `close`."""

    subject: ScenarioSubject
    first: Candidate
    failure: Failure
    message: str

    @property
    def header(self) -> Header:
        """What the run depends on."""
        return self.subject.origin.header


def open_failing(path: Path, names: Sequence[str] = (), allowance: Allowance = NO_CODE) -> Failing:
    """Open a sealed trace of a run that failed. `names` are more names of secrets.

    *Errors*: `StoreError`, `EvidenceError`, also when the failure does not come again; `UsageError` when it passed;
    `NotAllowedError` when it calls user code and must not.
    """
    with open_trace(path) as trace:
        trace.check_seal()
        failing = _failing(trace, names, allowance)
    outcome = failing.subject.run(failing.first)
    if outcome.failure is None or outcome.failure[:3] != failing.failure[:3]:
        failing.subject.close()
        raise _gone(path, failing.failure, outcome)
    first = failing.first._replace(windows=outcome.windows)
    return failing._replace(first=first, failure=outcome.failure, message=outcome.message)


def _failing(trace: Trace, names: Sequence[str], allowance: Allowance) -> Failing:
    header, footer = trace.header(), trace.footer()
    findings = footer.summary.findings if footer and footer.summary else []
    if footer is None or footer.summary is None or footer.summary.status == "pass" or not findings:
        raise _nothing_failed(trace)
    redactor = Redactor(names)
    loaded = embedded(trace)
    learn_from(redactor, loaded)
    records = list(trace.records())
    origin = Origin(header, redactor, loaded.document, loaded.included, allowance)
    subject = ScenarioSubject(origin, GROWTH_MAX * len(records) + RECORDS_SPARE)
    draws = tuple(record for record in records if type(record) is Draw)
    asks = tuple(record for record in records if type(record) is Ask)
    script = folded(script_of(decode(loaded.document), steps_inside(loaded)), header.case)
    found = [record for record in records if type(record) is Found and record.status != "pass"]
    if not found:  # the summary says so, but no record does
        raise _nothing_failed(trace)
    failure = failure_of(found, found[0].at)
    return Failing(subject, Candidate(script, Tape(draws, asks)), failure, found[0].message)


def steps_inside(loaded: Loaded) -> dict[str, int]:
    """How many steps there are in each file that is included, with those it includes itself."""
    return {word: script_of(decode(each.document), steps_inside(each)).steps for word, each in loaded.included.items()}


def folded(script: Script, case: Mapping[str, Any]) -> Script:
    """A script without its matrix: the values of one combination are ordinary variables."""
    head = {name: value for name, value in script.head.items() if name not in (*DROPPED, "matrix")}
    if case:
        head["vars"] = {**head.get("vars", {}), **case}
    return script.with_head(head)


def document_of(script: Script, name: str) -> Document:
    """A script as the text of a file of this name."""
    text = format_json(script.written.decode())
    return Document(name, name, text, "json", blake3(text.encode()).hexdigest())


def _nothing_failed(trace: Trace) -> UsageError:
    message = f"{trace.shown} holds no failure: there is nothing to keep while shrinking"
    return UsageError("shrink.nothing_failed", message, hint="fozzy shrink @last-fail   takes the last run that failed")


def _gone(path: Path, failure: Failure, outcome: Outcome) -> EvidenceError:
    return EvidenceError(
        "shrink.not_again",
        f"{shown_path(path)} failed with {failure.shown} when it was recorded; now {outcome.said}",
        hint=f"fozzy replay {shown_path(path)}   tells where the two part",
    )
