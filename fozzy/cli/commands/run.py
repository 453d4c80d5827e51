"""`fozzy run`: one scenario, shown as it goes, recorded."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.cli.command import Arg, Opt
from fozzy.cli.console import Console
from fozzy.cli.options import Running, config_of, seed_of
from fozzy.cli.reporting import Reports, event_printer, reports_of
from fozzy.cli.telling import story_sink, told_lines
from fozzy.config import Config
from fozzy.core.events import Record, Step
from fozzy.core.log import Sink
from fozzy.core.summary import Member, Summary, code_flag, exit_of, listed
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import load
from fozzy.dsl.matrix import chosen_case
from fozzy.dsl.scenario import StepsFile
from fozzy.engine.prepare import run_seed, runnable_file
from fozzy.engine.record import Keeping, Recorded, keep_in_store, run_once, summary_of
from fozzy.errors import Exit, InputError, UsageError, Where
from fozzy.report.pretty import is_numbered, record_line, run_closing, run_failure, step_line
from fozzy.report.text import Line, count, line, quoted
from fozzy.trace.finalize import display_name, project_name, shown_path
from fozzy.trace.retention import after_run
from fozzy.trace.store import TRACE_NAME, Store

if TYPE_CHECKING:
    from fozzy.report.story import Story

STEP_LINES_MAX = 200  # a longer run is shown by its failures; -v shows all


class Run(Running, frozen=True, kw_only=True):
    """Run one scenario and record it.

    Every step is shown as it ends. The trace is kept in the store, and where --record says.
    """

    name: ClassVar[str] = "run"
    scenario: Annotated[str, Arg("The scenario file.", "SCENARIO")]
    case: Annotated[
        str | None, Opt(("--case",), 'Which combination of its matrix, such as "size=1 color=red".', "VALUES")
    ] = None

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        reports = reports_of(self, config)
        loaded = load_scenario(self.scenario, config)
        file = runnable_file(loaded)
        if not isinstance(file, StepsFile):
            self._refuse_idle()
        seed = run_seed(file, seed_of(self))
        case = chosen_case(loaded.file, loaded.document.shown, self.case)
        store = Store(config.base_dir())
        options = self.options(config)
        with store.run() as run_id:
            target = Path(self.record) if self.record else store.folder(run_id) / TRACE_NAME
            keep = Keeping(run_id, store, target, self.policy, self.record is not None, True)
            sinks: list[Sink] = [StepPrinter(console)] if reports.screen and not console.quiet else []
            if reports.events:
                sinks.append(event_printer(console, loaded.document.name))
            story = None if isinstance(file, StepsFile) else story_sink(console)
            sinks += [story] if story is not None else []
            done = run_once(loaded, options, seed, "run", keep=keep, case=case, root=config.root, sinks=sinks)
            ended = self._finish(console, reports, done, keep, story)
            after_run(store, run_id, config.settings.retention)
            return ended

    def _refuse_idle(self) -> None:
        """A cluster has a world of its own. *Errors*: `UsageError` for a flag that would do nothing."""
        given = {
            "--proc": self.proc,
            "--fs": self.fs,
            "--http": self.http,
            "--no-det": None if self.det is not False else True,
            "--leak-budget": self.leak_budget,
            "--fail-on-leak": self.fail_on_leak or None,
            "--no-fail-on-leak": True if self.fail_on_leak is False else None,
        }
        flag = next((flag for flag, value in given.items() if value is not None), None)
        if flag is not None:
            message = f"{flag} is for scenarios of steps: a cluster has virtual time and a world of its own"
            raise UsageError("usage.idle_flag", message, hint=f"drop {flag}")

    def _finish(self, console: Console, reports: Reports, done: Recorded, keep: Keeping, story: "Story | None") -> Exit:
        assert done.trace is not None
        summary = summary_of(done, keep, shown_path(done.trace), "run")
        summary = summary if story is None else story.put_into(summary)
        keep_in_store(keep, done.trace, summary)
        if reports.screen:
            draws, asks = done.tally.draws, done.tally.asks
            failed = summary.status != "pass"
            word = _word(keep, self.record, done)
            replay = (
                f"fozzy replay {quoted(word)}{code_flag(done.calls_code)}{self.place_flags}           exact, offline"
            )
            smaller = (
                f"fozzy shrink {quoted(word)}{code_flag(done.calls_code)}{self.place_flags}           make it smaller"
            )
            again = [replay, smaller, self._again(done)] if failed else []
            lines: list[Line] = [] if not done.findings else [[], *run_failure(done.findings)]
            lines += told_lines(summary, console)
            shown = run_closing(summary, done.run.document.name, asks, count(draws + asks, "choice"), again)
            beside = _beside(keep, _word(keep, self.record, done), self)
            console.answer(shown[:1] if console.quiet else [*lines, [], *shown, *beside])
        reports.finish(console, summary, listed(summary, _member(done, summary)))
        return exit_of([summary.status])

    def _again(self, done: Recorded) -> str:
        seed = done.run.header.seed
        case = f" --case {quoted(self.case)}" if self.case else ""
        return f"fozzy run {quoted(self.scenario)} --seed {seed}{case}{self.run_flags}{self.place_flags}"


class StepPrinter:
    """A sink that shows steps as they end; with `-vv` every record."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps = 0  # all that ended, also inside blocks
        self._number = 0  # of those that count
        self._records = 0

    def __call__(self, records: Sequence[Record]) -> None:
        """Show a block of records."""
        lines: list[Line] = []
        for record in records:
            if self._console.verbose > 1:
                lines.append(record_line(self._records, record))
            elif type(record) is Step:
                self._steps += 1
                self._number += is_numbered(record)
                if record.failed or self._console.verbose or self._steps <= STEP_LINES_MAX:
                    lines.append(step_line(self._number if is_numbered(record) else 0, record))
                elif self._steps == STEP_LINES_MAX + 1:
                    lines.append(line("      … more steps: -v shows all"))
            self._records += 1
        self._console.answer(lines)


def load_scenario(word: str, config: Config) -> Loaded:
    """Load one scenario that is meant to run. *Errors*: `InputError`, `UsageError`."""
    path = Path(word)
    if not os.path.isfile(word):
        message = f"there is no scenario file {word}"
        from fozzy.engine.discover import near  # only a mistake needs it

        hint = f"fozzy test {quoted(word)} runs what is in it" if os.path.isdir(word) else near(word, folders=False)
        raise InputError("scenario.missing", message, hint=hint, where=Where(word))
    loaded = load(path, project_name(path, config.root), shown_path(path))
    runnable_file(loaded)
    return loaded


def _member(done: Recorded, summary: Summary) -> Member:
    document = done.run.document
    return Member(
        number=1,
        name=display_name(document.name),
        path=document.shown,
        status=summary.status,
        seed=summary.identity.seed,
        duration_ns=done.duration_ms * 10**6,
        steps=summary.steps,
        failed_step=summary.failed_step,
        passed=summary.status == "pass",
        trace_path=summary.identity.trace_path,
        findings=summary.findings,
        calls_code=done.calls_code,
        nodes=summary.nodes,
        story=summary.story,
        story_left_out=summary.story_left_out,
    )


def _beside(keep: Keeping, word: str, command: Running) -> list[Line]:
    """What else the run left, and what reads it."""
    stem = shown_path(keep.store.folder(keep.run_id) / keep.stem)
    lines: list[Line] = []
    if command.profile or command.profile_memory:
        lines.append(
            line(f"  profile {stem}.profile.json   ", f"fozzy profile top {quoted(word)}{command.place_flags}")
        )
    if command.coverage:
        lines.append(line(f"  coverage {stem}.coverage.json"))
    return lines


def _word(keep: Keeping, record: str | None, done: Recorded) -> str:
    return shown_path(done.trace) if record and done.trace else keep.store.short(keep.run_id)
