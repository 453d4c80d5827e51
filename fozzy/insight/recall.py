"""Finds a recorded run again: its summary from the store or from its trace, and the trace itself.

A stored run has a `summary.json`. A trace has the same summary in its footer; one that was recovered from a killed run
has none, and what its records say stands for it. Nothing of a trace is believed before its seal was compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.core.events import Found, Record, Step
from fozzy.core.outcome import Finding
from fozzy.core.summary import SCHEMA_VERSION, Identity, Member, Summary, listed
from fozzy.dsl.document import Document
from fozzy.engine.place import Tally, place, step_number
from fozzy.errors import EvidenceError, StoreError, Where
from fozzy.report.cases import cases
from fozzy.report.pretty import is_numbered
from fozzy.trace.finalize import display_name, shown_path
from fozzy.trace.format import SUFFIX, Footer, Header
from fozzy.trace.reader import Trace, open_trace
from fozzy.trace.store import SUMMARY_NAME, TRACE_NAME, Store

CUT_OFF = "the run was cut off: this is what it said until then"


class Recalled(NamedTuple):
    """A recorded run. A suite has no header; a run of one scenario has one and, unless it was lost, a trace."""

    summary: Summary
    header: Header | None = None
    trace: Path | None = None

    @property
    def told(self) -> Summary:
        """The summary as reports that list scenarios want it."""
        if self.header is None:
            return self.summary
        case = cases(self.summary)[0]
        path = self.header.scenario.path
        name, file = display_name(path), path if case.path.endswith(SUFFIX) else case.path
        member: Member = msgspec.structs.replace(case, name=name, path=file)
        return listed(self.summary, member)


def recall(store: Store, selector: str, *, unsafe: bool = False) -> Recalled:
    """The run a selector names: a run id, an alias, a member as `7f3/2`, or a trace file.

    `unsafe` also takes a trace without a seal. *Errors*: `StoreError`, `EvidenceError`.
    """
    if Path(selector).is_file() or "/" in selector or selector.endswith((SUFFIX, ".partial")):
        return _of_trace(store.trace_of(selector), unsafe)
    run_id = store.run_of(selector)
    folder = store.folder(run_id)
    summary = _stored(folder / SUMMARY_NAME)
    if summary is None:
        return _of_trace(_left_by_killed(folder) or store.trace_of(run_id), unsafe)
    single = folder / TRACE_NAME
    if not single.is_file():
        return Recalled(summary)
    return _of_trace(single, unsafe)._replace(summary=summary)


def _stored(path: Path) -> Summary | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Summary)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError("store.unreadable", f"cannot read {shown_path(path)}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        shown = shown_path(path)
        message = f"{shown} makes no sense: {error}"
        hint = "it was altered, or written by a newer fozzy; the run's traces still hold what they sealed"
        raise EvidenceError("store.damaged_summary", message, hint=hint, where=Where(shown)) from error


def _left_by_killed(folder: Path) -> Path | None:
    """What a killed run was writing."""
    return next(iter(sorted(folder.glob(f"*{SUFFIX}.*.partial"))), None)


def _of_trace(path: Path, unsafe: bool) -> Recalled:
    with open_trace(path) as trace:
        if trace.is_sealed or not unsafe:
            trace.check_seal()
        header, footer = trace.header(), trace.footer()
        known = footer.summary if footer else None
        summary = known or _told_by_records(trace, header, footer)
    identity = msgspec.structs.replace(summary.identity, trace_path=shown_path(path))
    return Recalled(msgspec.structs.replace(summary, identity=identity), header, path)


def _told_by_records(trace: Trace, header: Header, footer: Footer | None) -> Summary:
    """What the records of a cut-off run say."""
    gathered = _Gathered()
    for record in trace.whole_records():
        gathered.take(record)
    found = gathered.findings(header)
    failing = next((each.at for each in gathered.found if each.status != "pass"), "")
    return Summary(
        schema_version=SCHEMA_VERSION,
        command=header.mode,
        status="error",
        mode=header.mode,
        identity=Identity(run_id=footer.run_id if footer else "", seed=header.seed),
        started_at=footer.started_at if footer else "",
        finished_at=footer.finished_at if footer else "",
        duration_ms=0,
        duration_ns=gathered.now_ns,
        det=header.det,
        steps=gathered.setup + gathered.steps,
        failed_step=step_number(failing, gathered.setup) if failing else 0,
        findings=found,
        warnings=[CUT_OFF],
    )


class _Gathered:
    """What is kept of records while they pass."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.found: list[Found] = []
        self.setup = self.steps = self.now_ns = 0

    def take(self, record: Record) -> None:
        """Look at one record."""
        self.tally((record,))
        self.now_ns = record.t
        if type(record) is Found:
            self.found.append(record)
        elif type(record) is Step and is_numbered(record):
            self.setup += record.at.startswith("setup")
            self.steps += record.at.startswith("steps")

    def findings(self, header: Header) -> list[Finding]:
        """The findings with their places in the scenario the trace carries."""
        scenario = header.scenario
        document = Document(scenario.path, scenario.path, scenario.text, scenario.form, scenario.digest)
        return place(self.found, document, scenario.text, self.tally.before)
