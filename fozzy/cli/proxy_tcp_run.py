"""Runs TCP proxies for the command line: who shows them, what the store keeps, the last lines, the exit status."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from fozzy import wall
from fozzy.chaos.cassette.storing import store_traces
from fozzy.chaos.tcp.parts import TcpParts
from fozzy.chaos.tcp.running import run
from fozzy.chaos.tcp.settings import TcpSettings
from fozzy.cli.console import Console
from fozzy.cli.patience import patient
from fozzy.cli.proxy_documents import TcpBody, TcpDocument, TcpProxyBody, ToxicBody
from fozzy.cli.proxy_run import FINDINGS_MAX, bug_findings, owned_up
from fozzy.cli.proxy_tcp_fronts import tcp_front_of
from fozzy.cli.proxy_tcp_screen import numbers_line
from fozzy.config import Config
from fozzy.core.outcome import Finding
from fozzy.core.summary import Summary
from fozzy.errors import Exit
from fozzy.faults.tcp.armed import Tally
from fozzy.report.text import Line, Span, count, duration, line, one_line, quoted
from fozzy.trace.finalize import shown_path
from fozzy.trace.retention import after_run
from fozzy.trace.store import Store

if TYPE_CHECKING:
    from fozzy.cli.commands.proxy_tcp import Tcp


def run_tcp(command: Tcp, console: Console, config: Config, settings: TcpSettings) -> Exit:
    """Run it until it is stopped, and say what came of it. *Errors*: `FozzyError`."""
    store = Store(config.base_dir())
    with contextlib.ExitStack() as until_told, store.run() as run_id:
        parts = TcpParts(settings, run_id)
        ending = Ending(command, console, store, parts)
        parts.summary = lambda path: ending.summary([path])
        front = tcp_front_of(console, events=command.events, redact=settings.redact)
        until_told.enter_context(patient(parts.stop))  # once stopped, what came of it is told
        with contextlib.closing(front):
            run(parts, front)
        kept = parts.kept
        error = None if kept is None else kept.error
        store_traces(store.folder(run_id), [] if kept is None else kept.paths)
        summary = ending.summary(ending.trace_paths)
        store.finish(run_id, msgspec.json.encode(summary), summary.status if error is None else "error")
        after_run(store, run_id, config.settings.retention)
        ending.show(summary, keeps_opening=front.keeps_opening)
        exit_status = owned_up(console, parts.bugs(), summary, error)
        if error is not None:
            raise error  # what was asked for is not there, whatever else went well
    return exit_status


class Ending:
    """What a run came to."""

    def __init__(self, command: Tcp, console: Console, store: Store, parts: TcpParts) -> None:
        self._command = command
        self._console = console
        self._store = store
        self._parts = parts

    @property
    def trace_paths(self) -> list[str]:
        """The recordings there are, as people see them."""
        return [] if self._parts.kept is None else [shown_path(path) for path in self._parts.kept.paths]

    def summary(self, traces: list[str]) -> Summary:
        """How it went."""
        parts = self._parts
        made = parts.plain_summary(traces[0] if traces else "")
        identity = msgspec.structs.replace(
            made.identity,
            trace_path=traces[0] if traces else None,
            artifacts_dir=shown_path(self._store.folder(parts.run_id)),
        )
        bugs = bug_findings(parts.bugs())
        never = [_finding(each) for each in parts.never_came()] if self._command.strict else []
        return msgspec.structs.replace(
            made,
            status="error" if bugs else "fail" if never else "pass",
            identity=identity,
            findings=[*bugs, *never],
            warnings=self._warnings(),
            finished_at=wall.now_iso(),
        )

    def show(self, summary: Summary, *, keeps_opening: bool) -> None:
        """The last lines, or the document."""
        if self._console.json or self._command.events:
            fields = {name: getattr(summary, name) for name in Summary.__struct_fields__}
            document = msgspec.json.encode(TcpDocument(**fields, proxy=self._body())).decode() + "\n"
            if self._command.events or self._parts.kept is None or self._parts.kept.error is None:
                self._console.raw(document)  # else the error is the document
        else:
            self._console.answer(self._lines(summary, keeps_opening=keeps_opening))

    def _warnings(self) -> list[str]:
        parts = self._parts
        said = [f"{_called(each)} was drawn for {_drawn(each)} and never struck" for each in parts.always_missed()]
        if not self._command.strict:
            said += [_never(each) for each in parts.never_came()]
        said += [
            f"{_called(each)} was decided {count(each.hit, 'time')} and could never be applied"
            for each in parts.tallies()
            if each.hit and each.bypassed and not each.applied
        ]
        said += [trouble.message for trouble in parts.troubles()]
        return said

    def _body(self) -> TcpBody:
        parts, totals, kept = self._parts, self._parts.totals, self._parts.kept
        return TcpBody(
            proxies=[
                TcpProxyBody(
                    name=point.proxy.name,
                    listen=point.proxy.listen,
                    upstream=point.proxy.upstream,
                    protocol=point.proxy.protocol,
                    enabled=point.proxy.enabled,
                    connections=point.connections,
                    toxics=[toxic.called for toxic in point.proxy.toxics],
                )
                for point in parts.engine.points.values()
            ],
            control=parts.controlled or None,
            file=parts.settings.chaos_path if parts.settings.chaos_path != "flags" else None,
            connections=totals.connections,
            messages=totals.messages,
            struck=totals.struck,
            bypassed=totals.bypassed,
            upstream_bytes=totals.upstream_bytes,
            downstream_bytes=totals.downstream_bytes,
            ended_by=totals.ended_by,
            recorded=None if kept is None else kept.recorded,
            trace_paths=self.trace_paths,
            toxics=[_body(each) for each in parts.tallies()],
            never_came=[_body(each) for each in parts.never_came()],
            always_missed=[_body(each) for each in parts.always_missed()],
        )

    def _lines(self, summary: Summary, *, keeps_opening: bool) -> list[Line]:
        numbers = numbers_line(self._parts.totals)
        short = self._store.short(self._parts.run_id)
        if self._console.quiet:
            failed = "" if summary.status == "pass" else f", {count(len(summary.findings), 'finding')}"
            return [line(f"{numbers}{failed}   seed {self._parts.seed} (run {short})")]
        seed = "" if keeps_opening else f"   seed {self._parts.seed}"
        lines: list[Line] = [[], line(f"  {numbers}   in {duration(summary.duration_ns)}{seed}")]
        lines += [line(Span(f"  {said}", "strong")) for said in self._sealed()]
        lines += [line("  ", Span("warning", "warn"), f": {one_line(said)}") for said in summary.warnings]
        for finding in summary.findings[:FINDINGS_MAX]:
            lines.append(line("  ", Span("FAIL", "fail"), f"  {finding.title}: {one_line(finding.message)}"))
        if len(summary.findings) > FINDINGS_MAX:
            lines.append(line(f"        and {len(summary.findings) - FINDINGS_MAX} more: --json has all"))
        if summary.findings:
            explain = f"fozzy explain {summary.findings[0].title}"
            lines += [[], line("  next  ", Span(explain, "code"), "   tells what it means")]
        return lines

    def _sealed(self) -> list[str]:
        kept = self._parts.kept
        if kept is None or not self.trace_paths:
            return []
        path = self.trace_paths[0]
        again = f"fozzy replay {quoted(path)}{self._command.place_flags}"
        return [f"sealed {one_line(path)} ({count(kept.recorded, 'record')}). decide it again: {again}"]


def _finding(tally: Tally) -> Finding:
    return Finding(kind="checker", title="fault_never_rolled", message=_never(tally))


def _called(tally: Tally) -> str:
    return f"toxic {tally.place.removeprefix(f'{tally.proxy}/')} of {tally.proxy}"


def _drawn(tally: Tally) -> str:
    return count(tally.rolled, "message") if tally.rolled else "every connection"


def _never(tally: Tally) -> str:
    why = "nothing came that it could strike"
    if tally.matched:
        why = f"its turn never came in {tally.matched:,} that it counted"
    return f"{_called(tally)} never came: {why}"


def _body(tally: Tally) -> ToxicBody:
    return ToxicBody(**{name: getattr(tally, name) for name in ToxicBody.__struct_fields__})
