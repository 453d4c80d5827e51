"""Runs a proxy for the command line: who shows it, what the store keeps, the last lines, the exit status."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from fozzy import wall
from fozzy.chaos.cassette.storing import store_traces
from fozzy.chaos.http.descriptors import make_room
from fozzy.chaos.parts import Parts
from fozzy.chaos.running import run
from fozzy.chaos.settings import Settings
from fozzy.cli import proxy_screen as screen
from fozzy.cli.console import Console
from fozzy.cli.failures import show_traceback
from fozzy.cli.patience import patient
from fozzy.cli.proxy_documents import FaultBody, ProxyBody, ProxyDocument
from fozzy.cli.proxy_fronts import Silent, front_of, numbers_of
from fozzy.config import Config
from fozzy.core.outcome import Finding, Status
from fozzy.core.summary import SCHEMA_VERSION, Identity, Summary, exit_of
from fozzy.errors import Exit, FozzyError
from fozzy.faults.http.armed import Tally
from fozzy.report.text import Line, Span, count, duration, line, one_line, quoted
from fozzy.trace.finalize import shown_path
from fozzy.trace.retention import after_run
from fozzy.trace.store import Store

if TYPE_CHECKING:
    from fozzy.cli.commands.proxy_http import Http

FINDINGS_MAX = 5  # that are shown


def run_proxy(command: Http, console: Console, config: Config, settings: Settings, notes: list[str]) -> Exit:
    """Run it until it is stopped, and say what came of it. *Errors*: `FozzyError`."""
    store = Store(config.base_dir())
    with contextlib.ExitStack() as until_told, store.run() as run_id:
        room = _of_room(settings)
        parts = Parts(settings, run_id)
        parts.notes = [*notes, *room]
        ending = Ending(command, console, store, parts)
        front = front_of(console, events=command.events, redact=settings.redact)
        parts.tapes.summary = lambda path: ending.summary([path])
        until_told.enter_context(patient(parts.stop))  # once stopped, what came of it is told
        with contextlib.closing(front):
            run(parts, front)
        store_traces(store.folder(run_id), parts.tapes.paths)
        summary = ending.summary(ending.trace_paths)
        error = parts.tapes.error
        store.finish(run_id, msgspec.json.encode(summary), summary.status if error is None else "error")
        after_run(store, run_id, config.settings.retention)
        ending.show(front, summary)
        exit_status = owned_up(console, parts.bugs(), summary, error)
        if error is not None:
            raise error  # what was asked for is not there, whatever else went well
    return exit_status


def bug_findings(bugs: list[Exception]) -> list[Finding]:
    """Faults of ours: what the proxy did besides is no evidence that it did it right."""
    said = "a fault of fozzy's ended a connection"
    return [Finding(kind="panic", title="fozzy.bug", message=f"{said}: {type(bug).__name__}: {bug}") for bug in bugs]


def owned_up(console: Console, bugs: list[Exception], summary: Summary, error: FozzyError | None) -> Exit:
    """The exit status of a run, which a bug of ours decides whatever else came of it, an error too."""
    if not bugs:
        return exit_of([summary.status])
    show_traceback(console, bugs[0])
    if error is not None:
        error.exit_status = Exit.BUG
    return Exit.BUG


def _of_room(settings: Settings) -> list[str]:
    """Have the system leave room for all connections, and what to say where it does not."""
    room = make_room(settings.wire.connections_max)
    asked = settings.plan.limits.max_connections
    if asked is None or asked <= room:
        return []
    return [f"the system leaves room for {count(room, 'connection')} at once, not {asked:,}: see ulimit -n"]


class Ending:
    """What a run came to."""

    def __init__(self, command: Http, console: Console, store: Store, parts: Parts) -> None:
        self._command = command
        self._console = console
        self._store = store
        self._parts = parts

    @property
    def trace_paths(self) -> list[str]:
        """The recordings there are, as people see them."""
        return [shown_path(path) for path in self._parts.tapes.paths]

    def summary(self, traces: list[str]) -> Summary:
        """How it went."""
        parts = self._parts
        return Summary(
            schema_version=SCHEMA_VERSION,
            command="proxy http",
            status=self._status(),
            mode="proxy",
            identity=Identity(
                run_id=parts.run_id,
                seed=parts.seed,
                trace_path=traces[0] if traces else None,
                artifacts_dir=shown_path(self._store.folder(parts.run_id)),
            ),
            started_at=parts.started_at,
            finished_at=wall.now_iso(),
            duration_ms=parts.session.now_ns() // 10**6,
            duration_ns=parts.session.now_ns(),
            det=False,
            findings=self._findings(),
            warnings=self._warnings(),
        )

    def show(self, front: Silent, summary: Summary) -> None:
        """The last lines, or the document."""
        body = self._body()
        fields = {name: getattr(summary, name) for name in Summary.__struct_fields__}
        document = msgspec.json.encode(ProxyDocument(**fields, proxy=body)).decode() + "\n"
        if self._console.json:
            if self._parts.tapes.error is None:  # else the error is the document
                self._console.raw(document)
        elif self._command.events:
            self._console.raw(document)
        else:
            self._console.answer(self._lines(summary, front))

    def _status(self) -> Status:
        parts = self._parts
        if parts.bugs():
            return "error"
        return "fail" if self._command.strict and (parts.never_rolled() or parts.tapes.missed) else "pass"

    def _findings(self) -> list[Finding]:
        """Faults of ours, and what fails a strict run."""
        bugs = bug_findings(self._parts.bugs())
        if not self._command.strict:
            return bugs
        found = [
            Finding(kind="checker", title="fault_never_rolled", message=_never(each))
            for each in self._parts.never_rolled()
        ]
        return [*bugs, *found, *self._parts.tapes.findings]

    def _warnings(self) -> list[str]:
        parts = self._parts
        said = [
            f"{_called(each)} was rolled {count(each.rolled, 'time')} and never struck"
            for each in parts.always_missed()
        ]
        if not self._command.strict:
            said += [_never(each) for each in parts.never_rolled()]
            said += [finding.message for finding in parts.tapes.findings]
        if parts.otlp is not None and parts.otlp.dropped:
            said.append(parts.otlp.told())
        return said

    def _body(self) -> ProxyBody:
        parts, settings = self._parts, self._parts.settings
        totals, tapes = parts.totals, parts.tapes
        p50, p99 = totals.percentiles()
        return ProxyBody(
            listen=parts.listened,
            control=parts.controlled or None,
            upstream=settings.upstream.url,
            file=settings.chaos_path if settings.chaos_path != "flags" else None,
            scenario=settings.scenario,
            exchanges=totals.exchanges,
            faulted=totals.faulted,
            bypassed=totals.bypassed,
            misses=tapes.missed,
            not_recorded=totals.not_recorded + tapes.lost if tapes.kept else 0,
            recorded=tapes.recorded if tapes.kept else None,
            trace_paths=self.trace_paths,
            p50_ns=p50,
            p99_ns=p99,
            in_flight_max=parts.session.load_max,
            faults=[FaultBody(**each._asdict()) for each in parts.engine.tallies()],
            never_rolled=[FaultBody(**each._asdict()) for each in parts.never_rolled()],
            always_missed=[FaultBody(**each._asdict()) for each in parts.always_missed()],
        )

    def _lines(self, summary: Summary, front: Silent) -> list[Line]:
        short = self._store.short(self._parts.run_id)
        numbers = screen.Numbers() if front.proxy is None else numbers_of(front.proxy)
        numbers = numbers._replace(recorded_bytes=None, in_flight=0)
        if self._console.quiet:
            failed = "" if summary.status == "pass" else f", {count(len(summary.findings), 'finding')}"
            return [line(f"{screen.numbers_line(numbers)}{failed}   seed {self._parts.seed} (run {short})")]
        seed = "" if front.keeps_opening else f"   seed {self._parts.seed}"
        lines: list[Line] = [[], line(f"  {screen.numbers_line(numbers)}   in {duration(summary.duration_ns)}{seed}")]
        lines += [line(Span(f"  {said}", "strong")) for said in self._sealed()]
        lines += [line("  ", Span("warning", "warn"), f": {one_line(said)}") for said in summary.warnings]
        for finding in summary.findings[:FINDINGS_MAX]:
            lines.append(line("  ", Span("FAIL", "fail"), f"  {finding.title}: {one_line(finding.message)}"))
        if len(summary.findings) > FINDINGS_MAX:
            lines.append(line(f"        and {len(summary.findings) - FINDINGS_MAX} more: --json has all"))
        if summary.findings:
            title = summary.findings[0].title
            lines += [[], line("  next  ", Span(f"fozzy explain {title}", "code"), "   tells what it means")]
        return lines

    def _sealed(self) -> list[str]:
        tapes = self._parts.tapes
        if not tapes.kept:
            return []
        exchanges = count(tapes.recorded, "exchange") + _without_bodies(tapes.bodiless)
        if len(tapes.paths) != 1:
            return [f"sealed {count(len(tapes.paths), 'recording')} ({exchanges})"]
        path = shown_path(tapes.paths[0])
        serve = f"fozzy proxy http --replay {quoted(path)}{self._command.place_flags}"
        return [f"sealed {one_line(path)} ({exchanges}). serve it: {serve}"]


def _without_bodies(number: int) -> str:
    if not number:
        return ""
    return f", {number:,} without {'its body' if number == 1 else 'their bodies'}"


def _called(tally: Tally) -> str:
    return f"fault {tally.name} of {tally.place}"


def _never(tally: Tally) -> str:
    why = "no request matched it" if not tally.matched else f"its turn never came in {count(tally.matched, 'match')}"
    return f"{_called(tally)} was never rolled: {why.replace('matchs', 'matches')}"
