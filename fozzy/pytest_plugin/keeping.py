"""The trace of a failing test: what a proxy's recording is, and besides which test it was, how it ran, how it failed.

Rule 1: what a replay needs stands in the header: the test, its seed, its time, what was left out of its faults.
Rule 2: one name for each test, so the trace of its last failure is the one that is there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fozzy import wall
from fozzy.chaos.cassette.header import header_of, wire_redactor
from fozzy.chaos.cassette.tape import Place, Tape, sealing
from fozzy.chaos.tcp.decisions import decision_lines
from fozzy.chaos.tcp.header import TcpBegun, tcp_begun_of
from fozzy.core.events import Record
from fozzy.core.outcome import Finding, Location
from fozzy.core.summary import SCHEMA_VERSION, Identity, Summary
from fozzy.errors import UsageError, Where
from fozzy.faults.tcp.plan import TcpPlan
from fozzy.pytest_plugin.declared import Cut
from fozzy.pytest_plugin.state import ChaosTest, Failure
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import Footer, Header
from fozzy.trace.reader import open_trace, record_decoder

COMPLAINT = "complaint"  # in the details of the finding; older traces have none


class About(msgspec.Struct, frozen=True, kw_only=True):
    """Which test, and how it ran."""

    nodeid: str
    run: int = 1
    runs: int = 1
    is_virtual: bool = True
    cut: Cut = {}
    limit_s: float = 0  # of real time, for each phase of one that took too long


class TestBegun(TcpBegun, frozen=True, kw_only=True):
    """What the engine of a test starts with."""

    about: About


class Kept(NamedTuple):
    """A trace that was read."""

    about: About
    seed: int
    failure: Failure | None
    decisions: list[bytes]


class _Said(msgspec.Struct):
    about: About | None = None


def keep(test: ChaosTest, path: Path, *, is_strict: bool) -> Path:
    """Write the trace of a test that has ended. *Errors*: `StoreError`."""
    wanted = test.wanted
    about = About(
        nodeid=wanted.nodeid,
        run=wanted.run,
        runs=wanted.runs,
        is_virtual=wanted.is_virtual,
        cut=dict(wanted.cut),
        limit_s=wanted.limit_s if test.failure is not None and test.failure.took_too_long else 0,
    )
    begun = TestBegun(seed=test.seed, strict=is_strict, plan=TcpPlan(), about=about)
    redactor = wire_redactor([])
    run_id = wall.fresh_run_id()
    path.parent.mkdir(parents=True, exist_ok=True)
    tape = Tape(header_of(begun, wanted.nodeid, redactor), None, Place(path, "overwrite", run_id), redactor)
    tape.write(test.records)
    return tape.finish(sealing(run_id, test.started_at, lambda shown: _summary(test, run_id, shown)))


def is_writable(folder: Path) -> bool:
    """Whether a trace can be written there, as far as one can know before; the folder is made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def read(path: Path) -> Kept:
    """The trace of a test. *Errors*: `StoreError`, `EvidenceError`; `UsageError` for another trace."""
    with open_trace(path) as trace:
        trace.check_seal()
        header, footer = trace.header(), trace.footer()
        records = [record_decoder.decode(line) for block in trace.blocks() for line in block.splitlines()]
    about = _about(header, shown_path(path))
    return Kept(about, header.seed, _failure(footer), decisions_of(records))


def decisions_of(records: list[Record]) -> list[bytes]:
    """The decision log, line by line."""
    return list(decision_lines(records))


def _about(header: Header, shown: str) -> About:
    tcp_begun_of(header, shown)
    about = msgspec.json.decode(header.scenario.text, type=_Said).about
    if about is None:
        message = f"{shown} is the trace of a proxy, and of no test"
        raise UsageError("chaos.not_a_test", message, hint=f"fozzy replay {shown}", where=Where(shown))
    return about


def _summary(test: ChaosTest, run_id: str, shown: str) -> Summary:
    now_ns = test.time.now_ns
    return Summary(
        schema_version=SCHEMA_VERSION,
        command="pytest",
        status="fail",
        mode="proxy",
        identity=Identity(run_id=run_id, seed=test.seed, trace_path=shown),
        started_at=test.started_at,
        finished_at=wall.now_iso(),
        duration_ms=now_ns // 10**6,
        duration_ns=now_ns,
        det=test.wanted.is_virtual,
        findings=[] if test.failure is None else [_finding(test.failure)],
    )


def _finding(failure: Failure) -> Finding:
    details = {COMPLAINT: failure.complaint}
    place = Location(file=failure.file, line=failure.line, col=1, path=failure.phase, details=details)
    return Finding(kind="assertion", title=failure.title, message=failure.message, location=place)


def _failure(footer: Footer | None) -> Failure | None:
    found: Any = footer.summary.findings if footer is not None and footer.summary is not None else []
    if not found or found[0].location is None:
        return None
    place = found[0].location
    complaint = place.details.get(COMPLAINT) if isinstance(place.details, dict) else None
    return Failure(place.path, found[0].title, found[0].message, place.file, place.line, complaint)
