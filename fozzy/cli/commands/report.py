"""`fozzy report show`: a recorded run again, in any format."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.commands.run import StepPrinter
from fozzy.cli.console import Console
from fozzy.cli.options import config_of
from fozzy.cli.reporting import known_format, write_report
from fozzy.cli.telling import recalled_story, told_lines
from fozzy.core.summary import Summary
from fozzy.engine.code import calls_of
from fozzy.engine.place import Tally
from fozzy.engine.replay import embedded
from fozzy.errors import Exit, FozzyError, UsageError
from fozzy.insight.recall import Recalled, recall
from fozzy.report import FORMATS, renderer
from fozzy.report.pretty import closing, failures, member_line, quiet_line, run_closing, run_failure
from fozzy.report.text import Line, count, line, plain, quoted
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import Header
from fozzy.trace.reader import open_trace
from fozzy.trace.store import Store


class Show(Command, frozen=True, kw_only=True):
    """Show a recorded run in any format.

    Made from what the store or the trace holds; nothing runs. Ends with 0 however the run ended.
    """

    name: ClassVar[str] = "report show"
    run: Annotated[str, Arg("A run id, a run's member as 7f3/2, @latest, or a trace file.", "RUN")]
    reporter: Annotated[str, Opt(("--format",), f"One of {', '.join(FORMATS)}.", "FORMAT")] = ""
    out: Annotated[str | None, Opt(("--out",), "Write it to this file.", "FILE")] = None

    def call(self, console: Console) -> Exit:
        kind = known_format(self.reporter or ("json" if self.json else "pretty"))
        if self.json and kind != "json" and not self.out:
            message = f"--json and --format {kind} both want stdout"
            raise UsageError("usage.two_reports", message, hint=f"give one a file: --format {kind} --out FILE")
        store = Store(config_of(self).base_dir())
        recalled = recalled_story(recall(store, self.run, unsafe=not self.strict))
        if self.out:
            text = "".join(f"{plain(each).rstrip()}\n" for each in self._lines(console, store, recalled))
            write_report(Path(self.out), text if kind == "pretty" else _rendered(kind, recalled))
            console.answer([line(f"  wrote {shown_path(Path(self.out))}")])
        elif kind == "pretty":
            console.answer(self._lines(console, store, recalled))
        if self.json or (kind != "pretty" and not self.out):
            console.raw(_rendered("json" if self.json else kind, recalled))
        return Exit.PASS

    def _lines(self, console: Console, store: Store, recalled: Recalled) -> list[Line]:
        summary = recalled.summary
        run_id = summary.identity.run_id
        known = run_id in store.ids()
        short = store.short(run_id) if known else run_id
        if summary.mode == "proxy":
            return self._proxy_lines(console, recalled, short if known else "")
        if recalled.header is None or recalled.trace is None:
            if console.quiet:
                return [quiet_line(summary, short)]
            return [*map(member_line, summary.scenarios), *failures(summary), *closing(summary, short)]
        kept = _Kept(verbose=console.verbose)
        tally = Tally()
        with open_trace(recalled.trace) as trace:
            printer = StepPrinter(kept)
            for record in trace.whole_records():
                tally((record,))
                printer((record,))
        is_own = recalled.trace.parent == store.folder(run_id) and summary.mode != "test"
        word = short if is_own else shown_path(recalled.trace)
        end = _closing(recalled.header, _told(recalled), tally, word)
        if console.quiet:
            return end[:1]
        found = [[], *run_failure(summary.findings)] if summary.findings else []
        return [*kept.shown, *found, *told_lines(summary, console), [], *end]

    def _proxy_lines(self, console: Console, recalled: Recalled, short: str) -> list[Line]:
        from fozzy.cli.cassette_screen import proxy_lines, proxy_verdict

        trace = recalled.trace
        if console.quiet:
            return [proxy_verdict(recalled.summary, trace)]
        word = short or (shown_path(trace) if trace is not None else "")
        return proxy_lines(recalled.summary, trace, word, console.verbose)


class _Kept(Console):
    """A console that keeps its lines instead of printing them."""

    def __init__(self, verbose: int) -> None:
        super().__init__(verbose=verbose)
        self.shown: list[Line] = []

    def answer(self, lines: Iterable[Line]) -> None:
        """Keep lines."""
        self.shown += lines


def _rendered(kind: str, recalled: Recalled) -> str:
    """A report. Every JSON document names the command that printed it; the summary's `mode` says what ran."""
    if kind == "json":
        return renderer(kind)(msgspec.structs.replace(recalled.summary, command=Show.name))
    return renderer(kind)(_told(recalled))


def _told(recalled: Recalled) -> Summary:
    """The summary as reports want it; what calls user code needs permission to be replayed."""
    told, calls = recalled.told, False
    if told.mode == "proxy":
        return _told_of_proxy(recalled)
    if recalled.trace is not None:
        with suppress(FozzyError), open_trace(recalled.trace) as trace:
            calls = any(calls_of(embedded(trace)))
    members = [msgspec.structs.replace(member, calls_code=calls) for member in told.scenarios]
    return msgspec.structs.replace(told, scenarios=members) if calls else told


def _told_of_proxy(recalled: Recalled) -> Summary:
    """A proxy's run has no scenario that could be run: its place is its recording, which is replayed."""
    told = recalled.told
    shown = shown_path(recalled.trace) if recalled.trace is not None else told.identity.trace_path or ""
    traces = [member.trace_path or shown for member in told.scenarios]
    members = [
        msgspec.structs.replace(member, path=trace, trace_path=trace or None)
        for member, trace in zip(told.scenarios, traces, strict=True)
    ]
    return msgspec.structs.replace(told, scenarios=members)


def _closing(header: Header, told: Summary, tally: Tally, word: str) -> list[Line]:
    """The last lines of the run, as it showed them."""
    member = told.scenarios[0]
    again = [
        f"fozzy replay {quoted(word)}{member.code_flag}           exact, offline",
        f"fozzy shrink {quoted(word)}{member.code_flag}           make it smaller",
    ]
    if member.path:
        again.append(f"fozzy run {quoted(member.path)} --seed {header.seed}{header.run_flags}{member.code_flag}")
    choices = count(tally.draws + tally.asks, "choice")
    return run_closing(told, header.scenario.path, tally.asks, choices, again)
