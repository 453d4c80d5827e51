"""`fozzy run`: one scenario, shown as it goes, recorded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar

from fozzy import wall
from fozzy.cli.command import Arg
from fozzy.cli.console import Console
from fozzy.cli.options import Running, config_of, seed_of
from fozzy.cli.reporting import Reports, event_printer, reports_of
from fozzy.config import Config
from fozzy.core.events import Record, Step
from fozzy.core.log import Sink
from fozzy.core.summary import exit_of
from fozzy.dsl.load import Loaded, load
from fozzy.engine.prepare import steps_file
from fozzy.engine.record import Keeping, Recorded, keep_in_store, run_once, summary_of
from fozzy.errors import Exit, InputError, Where
from fozzy.report.pretty import record_line, run_closing, run_failure, step_line
from fozzy.report.text import Line, count, line, quoted
from fozzy.trace.finalize import project_name, shown_path
from fozzy.trace.store import TRACE_NAME, Store

STEP_LINES_MAX = 200  # a longer run is shown by its failures; -v shows all


class Run(Running, frozen=True, kw_only=True):
    """Run one scenario and record it.

    Every step is shown as it ends. The trace is kept in the store, and where --record says.
    """

    name: ClassVar[str] = "run"
    scenario: Annotated[str, Arg("The scenario file.", "SCENARIO")]

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        reports = reports_of(self, config)
        loaded = load_scenario(self.scenario, config)
        seed = _seed(self, loaded)
        store = Store(config.base_dir())
        options = self.options(config)
        run_id = store.fresh()
        target = Path(self.record) if self.record else store.folder(run_id) / TRACE_NAME
        keep = Keeping(run_id, store, target, self.policy, self.record is not None, True)
        sinks: list[Sink] = [StepPrinter(console)] if reports.screen and not console.quiet else []
        if reports.events:
            sinks.append(event_printer(console, loaded.document.name))
        done = run_once(loaded, options, seed, "run", keep=keep, root=config.root, sinks=sinks)
        return self._finish(console, reports, done, keep)

    def _finish(self, console: Console, reports: Reports, done: Recorded, keep: Keeping) -> Exit:
        assert done.trace is not None
        summary = summary_of(done, keep, shown_path(done.trace), "run")
        keep_in_store(keep, done.trace, summary)
        if reports.screen:
            draws, asks = done.tally.draws, done.tally.asks
            failed = summary.status != "pass"
            word = _word(keep, self.record, done)
            again = [f"fozzy replay {word}           exact, offline", self._again(done)] if failed else []
            lines: list[Line] = [] if not done.findings else [[], *run_failure(done.findings)]
            shown = run_closing(summary, done.run.document.name, asks, count(draws + asks, "choice"), again)
            console.answer(shown[:1] if console.quiet else [*lines, [], *shown])
        reports.finish(console, summary)
        return exit_of([summary.status])

    def _again(self, done: Recorded) -> str:
        header = done.run.header
        flags = [
            f"--{name} {value}" for name, value in (("proc", self.proc), ("fs", self.fs), ("http", self.http)) if value
        ]
        det = " --det" if self.det else " --no-det" if self.det is False else ""
        if self.timeout:
            flags.append(f"--timeout {self.timeout}")
        return " ".join([f"fozzy run {quoted(self.scenario)} --seed {header.seed}{det}", *flags])


class StepPrinter:
    """A sink that shows steps as they end; with `-vv` every record."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps = 0
        self._records = 0

    def __call__(self, records: Sequence[Record]) -> None:
        """Show a block of records."""
        lines: list[Line] = []
        for record in records:
            if self._console.verbose > 1:
                lines.append(record_line(self._records, record))
            elif type(record) is Step:
                self._steps += 1
                if record.failed or self._console.verbose or self._steps <= STEP_LINES_MAX:
                    lines.append(step_line(self._steps, record))
                elif self._steps == STEP_LINES_MAX + 1:
                    lines.append(line("      … more steps: -v shows all"))
            self._records += 1
        self._console.answer(lines)


def load_scenario(word: str, config: Config) -> Loaded:
    """Load one scenario that is meant to run. *Errors*: `InputError`, `UsageError`."""
    path = Path(word)
    if not path.is_file():
        message = f"there is no scenario file {word}"
        hint = "fozzy test runs folders" if path.is_dir() else "fozzy test --json lists what is found"
        raise InputError("scenario.missing", message, hint=hint, where=Where(word))
    loaded = load(path, project_name(path, config.root), shown_path(path))
    steps_file(loaded)
    return loaded


def _seed(command: Run, loaded: Loaded) -> int:
    seed = seed_of(command)
    own = steps_file(loaded).seed
    return seed if seed is not None else own if own is not None else wall.fresh_seed()


def _word(keep: Keeping, record: str | None, done: Recorded) -> str:
    return shown_path(done.trace) if record and done.trace else keep.store.short(keep.run_id)
