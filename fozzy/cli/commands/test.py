"""`fozzy test`: scenarios, suites and kept traces; one verdict."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, NamedTuple

import msgspec

from fozzy import wall
from fozzy.cli.command import Arg, Opt
from fozzy.cli.commands.run import StepPrinter
from fozzy.cli.console import Console
from fozzy.cli.keeping import Keepings, keep_failures
from fozzy.cli.last_failed import EVERYTHING, last_failed
from fozzy.cli.live import Progress
from fozzy.cli.options import Running, config_of, suite_seed
from fozzy.cli.reporting import Reports, event_printer, reports_of
from fozzy.cli.telling import member_story
from fozzy.config import Config
from fozzy.core.outcome import Status
from fozzy.core.summary import SCHEMA_VERSION, Identity, Summary, Tests, Trouble, exit_of, worst_status
from fozzy.engine.discover import Chosen, Found, discover
from fozzy.engine.prepare import Options
from fozzy.engine.record import Keeping
from fozzy.engine.suite import Answering, Job, Selection, Told, refuse_code, run_suite
from fozzy.errors import Exit, InputError, InterruptedRun, UsageError, worst
from fozzy.report.pretty import Flags, closing, failures, member_line, quiet_line
from fozzy.report.text import Line, Span, count, line
from fozzy.trace.finalize import shown_path
from fozzy.trace.retention import after_run
from fozzy.trace.store import Store
from fozzy.version import VERSION

JOBS_MAX = 256
PASSED_LINES_MAX = 40  # on a terminal; a pipe gets every line


class Suite(NamedTuple):
    """Where a suite runs and who is told."""

    console: Console
    reports: Reports
    config: Config


class Ran(NamedTuple):
    """How a suite ended."""

    exit_status: Exit
    told: list[Told]


class Test(Running, frozen=True, kw_only=True):
    """Run scenarios, suites and kept traces, and give one verdict.

    Everything is loaded and checked first: when a file is missing or invalid nothing runs. Kept traces run before
    scenarios. A distributed scenario is executed as often as its `seeds` says, each time differently; none is skipped.
    """

    name: ClassVar[str] = "test"
    paths: Annotated[list[str], Arg("Files, folders or globs; the config's scenarios when not given.", "PATH...")] = []
    jobs: Annotated[int | None, Opt(("--jobs", "-j"), "How many worker processes; the processors' number.", "N")] = None
    fail_fast: Annotated[bool, Opt(("--fail-fast", "-x"), "Stop after the first failure.")] = False
    filter: Annotated[str, Opt(("--filter", "-k"), "Only what has this text in its path or name.", "TEXT")] = ""
    tag: Annotated[list[str], Opt(("--tag",), "Only scenarios with one of these tags.", "TAG")] = []
    not_tag: Annotated[list[str], Opt(("--not-tag",), "No scenarios with one of these tags.", "TAG")] = []
    last_failed: Annotated[
        bool, Opt(("--last-failed", "--lf"), "Only what failed in the last run of test, with its seed.")
    ] = False

    keep: Annotated[
        str | None, Opt(("--keep",), "Make failures smaller and keep them in this folder, as regression tests.", "DIR")
    ] = None

    watch: Annotated[
        bool, Opt(("--watch",), "Go on: rerun what a changed file affects. Enter: all, f: failed, q: quit.")
    ] = False

    def call(self, console: Console) -> Exit:
        if self.watch:
            from fozzy.cli.watching import watch  # most tests are not watched

            return watch(self, console)
        config = config_of(self)
        reports = reports_of(self, config)
        last = last_failed(Store(config.base_dir()), config.root) if self.last_failed else EVERYTHING
        if last.said and not self.quiet:
            console.talk([line(f"  {last.said}")])
        words = last.words(self.paths) or ([] if last.failed else [default_folder(config)])
        found = discover(words, config.root)
        code = refuse_code(found.chosen, self.options(config), config.root)
        problems = [*found.problems, *code]
        if problems:
            raise InputError.of(problems)
        if self.keep is not None and os.path.lexists(self.keep) and not os.path.isdir(self.keep):
            raise UsageError("usage.bad_folder", f"{self.keep} is not a folder", hint="--keep names a folder")
        chosen = [each for each in self.selected(found) if last.takes(each)]
        suite = Suite(console, reports, config)
        if self.seed is None and last.seed is not None:
            return msgspec.structs.replace(self, seed=last.seed).run(suite, chosen, len(found.chosen)).exit_status
        return self.run(suite, chosen, len(found.chosen)).exit_status

    def options(self, config: Config) -> Options:
        """What the flags ask of a run; a watch wants to know which files user code reads. *Errors*: `UsageError`."""
        options = super().options(config)
        return msgspec.structs.replace(options, watch=msgspec.structs.replace(options.watch, files=self.watch))

    def selected(self, found: Found) -> list[Chosen]:
        """What of it the filters take."""
        selection = Selection(self.filter, self.tag, self.not_tag)
        return [each for each in found.chosen if selection.takes(each)]

    def run(self, suite: Suite, chosen: Sequence[Chosen], found: int, answering: Answering | None = None) -> Ran:
        """Run these as one run of the store; `found` are those there were before filters, `answering` are workers that
        are there already. *Errors*: `FozzyError`."""
        console, reports, config = suite
        seed, jobs = suite_seed(self), _jobs(self.jobs, len(chosen))
        store = Store(config.base_dir())
        with store.run() as run_id:
            job = self._job(config, chosen, seed, run_id)
            screen = _Screen(console, reports, len(chosen), Flags(self.place_flags, self.run_flags))
            screen.opening(seed, jobs, config)
            began = wall.now_iso(), wall.elapsed_ns()
            told: list[Told] = []
            stopped: KeyboardInterrupt | InterruptedRun | None = None
            try:
                screen.show(run_suite(chosen, job, jobs, self._is_enough, answering), told)
            except (KeyboardInterrupt, InterruptedRun) as stop:  # what is known by then is told all the same
                stopped = stop
                screen.erase()
            summary = _summary(told, job, found, began)
            if stopped is not None:
                summary = msgspec.structs.replace(summary, status="error", error=_interrupted(told, chosen))
            kept = self._kept(console, config, store, summary) if stopped is None else Keepings()
            summary = msgspec.structs.replace(summary, kept=kept.paths, warnings=kept.warnings)
            store.finish(run_id, msgspec.json.encode(summary), summary.status)
            screen.closing(summary, store.short(run_id), kept.lines)
            if stopped is None or not reports.events:  # of a stream the error is the last line
                reports.finish(console, summary)
            after_run(store, run_id, config.settings.retention)
            if stopped is not None:
                raise stopped
            return Ran(worst([exit_of_told(told), kept.exit_status]), told)

    def _is_enough(self, told: Told) -> bool:
        return self.fail_fast and not told.member.passed

    def _kept(self, console: Console, config: Config, store: Store, summary: Summary) -> Keepings:
        """The failures of the suite, made smaller and kept, when that was asked for. *Errors*: `StoreError`."""
        kept = Keepings()
        if self.keep is not None:
            folder = Keeping(summary.identity.run_id, store, Path(self.keep), "append", True, True)
            keep_failures(kept, summary.scenarios, folder, config, console)
        return kept

    def _job(self, config: Config, chosen: Sequence[Chosen], seed: int, run_id: str) -> Job:
        return Job(
            options=self.options(config),
            suite_seed=seed,
            run_id=run_id,
            base_dir=str(config.base_dir()),
            root=str(config.root),
            record=self.record,
            policy=self.policy,
            single=len(chosen) == 1,
            with_events=self.events or self.verbose > 0,
            paths=[(str(each.path), each.name, each.shown, each.case) for each in chosen],
        )


class _Screen:
    """What people see while it runs and at the end."""

    def __init__(self, console: Console, reports: Reports, total: int, flags: Flags) -> None:
        self._console = console
        self._reports = reports
        self._flags = flags
        self._progress = Progress(console, total)
        self._passed = 0

    def opening(self, seed: int, jobs: int, config: Config) -> None:
        if self._reports.screen and not self._console.quiet:
            said = f"  fozzy {VERSION}  seed {seed}  jobs {jobs}  {config.file or ''}"
            self._console.answer([line(Span(said.rstrip(), "dim"))])

    def show(self, ended: Iterable[Told], told: list[Told]) -> None:
        """Show each that ended; in `told` is what anybody can have seen, also when this is interrupted."""
        for each in ended:
            self._progress.erase()
            each = msgspec.structs.replace(each, member=member_story(each.member))
            told.append(each)
            self._show(each)
            self._progress.step(not each.member.passed)
        self.erase()

    def erase(self) -> None:
        """No live line any more."""
        self._progress.erase()

    def _show(self, told: Told) -> None:
        if self._reports.events:
            event_printer(self._console, told.member.path)(told.events)
        if not self._reports.screen or self._console.quiet:
            return
        self._passed += told.member.passed
        if self._console.verbose and told.events:
            StepPrinter(self._console)(told.events)
        if not told.member.passed or not self._console.is_live or self._passed <= PASSED_LINES_MAX:
            self._console.answer([member_line(told.member)])

    def closing(self, summary: Summary, short_id: str, kept: Sequence[Line] = ()) -> None:
        if not self._reports.screen:
            return
        if self._console.quiet:
            self._console.answer([quiet_line(summary, short_id)])
            return
        hidden = self._passed - PASSED_LINES_MAX
        more = [line(" " * 11, f"... {hidden} more passed")] if self._console.is_live and hidden > 0 else []
        kept = [[], *kept] if kept else []
        self._console.answer([*more, *failures(summary), *kept, *closing(summary, short_id, self._flags)])


def default_folder(config: Config) -> str:
    """The config's scenarios. *Errors*: `InputError` when there are none."""
    folder = config.root / config.settings.scenarios
    if not folder.exists():
        raise InputError(
            "scenario.missing",
            f"there is no folder {config.settings.scenarios}",
            hint="fozzy init writes a first scenario; or name files to run",
        )
    return shown_path(folder)


def _jobs(asked: int | None, items: int) -> int:
    if asked is not None and not 1 <= asked <= JOBS_MAX:
        raise UsageError("usage.bad_value", f"--jobs must be from 1 to {JOBS_MAX}, got {asked}")
    return max(1, min(asked or os.cpu_count() or 1, items))


def _summary(told: Sequence[Told], job: Job, found: int, began: tuple[str, int]) -> Summary:
    """How a suite went; `found` are the scenarios there were before filters, `began` is when, as text and as reading."""
    members = [each.member for each in told]
    traces = [member.trace_path for member in members if member.trace_path and not member.replay]
    return Summary(
        schema_version=SCHEMA_VERSION,
        command="test",
        status=worst_status(_statuses(told)) if told else "error",
        mode="test",
        identity=Identity(
            run_id=job.run_id,
            seed=job.suite_seed,
            trace_path=traces[0] if len(traces) == 1 else None,
            artifacts_dir=shown_path(Store(Path(job.base_dir)).folder(job.run_id)),
        ),
        started_at=began[0],
        finished_at=wall.now_iso(),
        duration_ms=(wall.elapsed_ns() - began[1]) // 10**6,
        duration_ns=sum(member.duration_ns for member in members),
        tests=Tests(
            passed=sum(member.passed for member in members),
            failed=sum(not member.passed for member in members),
            skipped=found - len(members),
        ),
        findings=[finding for member in members if not member.passed for finding in member.findings],
        scenarios=members,
        error=None if told else _nothing_ran(found),
    )


def _interrupted(told: Sequence[Told], chosen: Sequence[Chosen]) -> Trouble:
    message = f"interrupted: {len(told):,} of {count(len(chosen), 'scenario')} ran to the end"
    return Trouble(code="run.interrupted", message=message, hint="fozzy test --lf runs those again that failed")


def _nothing_ran(found: int) -> Trouble:
    said = f"{count(found, 'scenario')} left out by what was asked for" if found else "there is no scenario"
    return Trouble(
        code="scenario.nothing_ran", message=f"nothing ran: {said}", hint="fozzy test --help tells how they are chosen"
    )


def _statuses(told: Sequence[Told]) -> list[Status]:
    """What the members that did not end as expected make of the suite."""
    unexpected = [each.member.status for each in told if not each.member.passed]
    return [status if status != "pass" else "fail" for status in unexpected]


def exit_of_told(told: Sequence[Told]) -> Exit:
    """The status a suite ends with."""
    if not told:
        return Exit.NOTHING
    own = [Exit(each.exit_status) for each in told if each.exit_status]
    return worst([*own, exit_of(_statuses(told))])
