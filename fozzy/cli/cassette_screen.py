"""A recorded run of a proxy as people see it: its requests, what became of them, what to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fozzy.core.events import Event
from fozzy.core.exchange import Exchange
from fozzy.core.summary import Summary
from fozzy.report.pretty import record_line
from fozzy.report.text import STATUS_WORDS, Line, Span, count, duration, line, one_line, packed, quoted, safe
from fozzy.trace.finalize import shown_path
from fozzy.trace.reader import open_trace

LINES_MAX = 200  # of requests; -v shows all


class Requests:
    """What is counted of a recording, and the first lines of it."""

    def __init__(self, trace: Path | None, lines_max: int | None) -> None:
        self.lines: list[Line] = []
        self.requests = self.faulted = self.changes = 0
        if trace is not None:
            with open_trace(trace) as opened:
                for number, record in enumerate(opened.whole_records()):
                    if isinstance(record, Exchange):
                        self.requests += 1
                        self.faulted += bool(record.applied or record.delay_ns)
                    self.changes += isinstance(record, Event)
                    if lines_max is None or len(self.lines) < lines_max:
                        self.lines.append(record_line(number, record))
            more = self.requests + self.changes - len(self.lines)
            if more:
                self.lines.append(line(f"  … {more:,} more records: -v shows all"))


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
    said = [count(seen.requests, "request"), f"{seen.faulted:,} with a fault"] if seen.requests else []
    return packed([Span(word, role), "proxy", f"seed {summary.identity.seed}", *said, duration(summary.duration_ns)])


def _closing(summary: Summary, seen: Requests, trace: Path | None, word: str) -> Iterator[Line]:
    yield from _verdict(summary, seen)
    for warning in summary.warnings:
        yield line(Span("warning", "warn"), f": {safe(warning)}")
    shown = summary.identity.trace_path or (shown_path(trace) if trace is not None else "")
    if not shown:
        yield line("  nothing was recorded: fozzy proxy http --record FILE keeps what goes through")
        return
    yield line(f"  trace {one_line(shown)}   sealed")
    yield []
    yield line("  next  ", Span(f"fozzy replay {quoted(word or shown)}", "code"), "   decides every request again")
    yield line("        ", Span(f"fozzy proxy http --replay {quoted(shown)}", "code"), "   serves its answers")
