"""A recorded run of a proxy as people see it: what went through it, what became of that, what to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fozzy.chaos.cassette.header import wire_of
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.core.summary import Summary
from fozzy.core.wires import Connected, Spoken
from fozzy.report.pretty import record_line
from fozzy.report.text import STATUS_WORDS, Line, Span, count, duration, line, one_line, packed, quoted, safe
from fozzy.trace.finalize import shown_path
from fozzy.trace.reader import Trace, open_trace

LINES_MAX = 200  # of requests; -v shows all


class Requests:
    """What is counted of a recording, and the first lines of it."""

    def __init__(self, trace: Path | None, lines_max: int | None) -> None:
        self.lines: list[Line] = []
        self.requests = self.connections = self.messages = self.faulted = self.changes = 0
        self.wire = "http"
        if trace is not None:
            with open_trace(trace) as opened:
                self.wire = wire_of(opened.header())
                self._read(opened, lines_max)

    def _read(self, trace: Trace, lines_max: int | None) -> None:
        number = 0
        for number, record in enumerate(trace.whole_records(), 1):
            self._count(record)
            if lines_max is None or len(self.lines) < lines_max:
                self.lines.append(record_line(number - 1, record))
        more = number - len(self.lines)
        if more:
            self.lines.append(line(f"  … {more:,} more records: -v shows all"))

    def _count(self, record: Record) -> None:
        if isinstance(record, Exchange):
            self.requests += 1
            self.faulted += bool(record.applied or record.delay_ns)
        elif isinstance(record, Connected | Spoken):
            self.connections += isinstance(record, Connected)
            self.messages += isinstance(record, Spoken)
            self.faulted += any(each.applied for each in record.struck)
        self.changes += isinstance(record, Event)

    def said(self) -> list[str]:
        """What went through, in words."""
        if self.wire == "http":
            return [count(self.requests, "request"), f"{self.faulted:,} with a fault"] if self.requests else []
        if not self.connections and not self.messages:
            return []
        return [count(self.connections, "connection"), count(self.messages, "message"), f"{self.faulted:,} struck"]


def proxy_lines(summary: Summary, trace: Path | None, word: str, verbose: int) -> list[Line]:
    """All of a report; the last block says how it went. `word` names the trace where it is to be pasted."""
    seen = Requests(trace, None if verbose else LINES_MAX)
    found = [line("  ", Span("FAIL", "fail"), f"  {each.title}: {one_line(each.message)}") for each in summary.findings]
    return [*seen.lines, *([[], *found] if found else []), [], *_closing(summary, seen, trace, word)]


def proxy_verdict(summary: Summary, trace: Path | None) -> Line:
    """How it went, in a line."""
    return _verdict(summary, Requests(trace, 0))[0]


def _verdict(summary: Summary, seen: Requests) -> list[Line]:
    word, role = STATUS_WORDS[summary.status]
    seed = f"seed {summary.identity.seed}"
    return packed([Span(word, role), "proxy", seed, *seen.said(), duration(summary.duration_ns)])


def _closing(summary: Summary, seen: Requests, trace: Path | None, word: str) -> Iterator[Line]:
    yield from _verdict(summary, seen)
    for warning in summary.warnings:
        yield line(Span("warning", "warn"), f": {safe(warning)}")
    shown = summary.identity.trace_path or (shown_path(trace) if trace is not None else "")
    if not shown:
        yield line(f"  nothing was recorded: fozzy {summary.command} --record FILE keeps what goes through")
        return
    yield line(f"  trace {one_line(shown)}   sealed")
    yield []
    all_of_it = "every request" if seen.wire == "http" else "every connection and message"
    yield line("  next  ", Span(f"fozzy replay {quoted(word or shown)}", "code"), f"   decides {all_of_it} again")
    if seen.wire == "http":
        yield line("        ", Span(f"fozzy proxy http --replay {quoted(shown)}", "code"), "   serves its answers")
    else:
        yield line("        ", Span(f"fozzy trace show {quoted(shown)} -v", "code"), "   tells every draw")
