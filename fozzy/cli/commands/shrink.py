"""`fozzy shrink`: the smallest run that still fails for the same reason."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from fozzy import wall
from fozzy.cli import shrink_screen as screen
from fozzy.cli.command import Arg, Opt
from fozzy.cli.commands.run import load_scenario
from fozzy.cli.console import Console
from fozzy.cli.documents import ShrinkBody, ShrinkDocument
from fozzy.cli.keeping import ENDS
from fozzy.cli.options import Asking, config_of, duration_option, seed_of
from fozzy.cli.patience import patient
from fozzy.cli.telling import trace_story
from fozzy.config import Config
from fozzy.core.forms import form_of_scenario
from fozzy.core.summary import Summary, code_flag
from fozzy.dsl.matrix import chosen_case
from fozzy.dsl.scenario import StepsFile
from fozzy.engine.code import Allowance
from fozzy.engine.fresh import check_replays
from fozzy.engine.prepare import run_seed, runnable_file
from fozzy.engine.record import Keeping, Recorded, keep_in_store, run_once, summary_of
from fozzy.errors import Exit, UsageError, worst
from fozzy.report.text import Line, Span, count, line, quoted
from fozzy.search.failing import Failing, open_failing
from fozzy.search.shrink.gate import faults_in, size_of
from fozzy.search.shrink.passes import Aim
from fozzy.search.shrink.regression import folder_for, keep_in
from fozzy.search.shrink.result import as_scenario, record_best
from fozzy.search.shrink.shrinker import Row, Shrunk, shrink
from fozzy.trace.finalize import check_target, display_name, shown_path
from fozzy.trace.retention import after_run
from fozzy.trace.store import MIN_NAME, TRACE_NAME, Store

AIMS: dict[str, tuple[Aim, ...]] = {
    "input": ("input",),
    "schedule": ("schedule",),
    "faults": ("faults",),
    "nodes": ("nodes",),
    "all": ("nodes", "input", "schedule", "faults"),
}


class Shrink(Asking, frozen=True, kw_only=True):
    """Make a failing run smaller while it fails for the same reason.

    Works on a recorded trace; a scenario is run and recorded first. The outside world is never asked: recorded answers
    are used where the question is unchanged. The result is a trace that replays alone.
    """

    name: ClassVar[str] = "shrink"
    target: Annotated[str, Arg("A trace file, a run id, a run's member as 7f3/2, @last-fail; or a scenario.", "TRACE")]
    case: Annotated[
        str | None, Opt(("--case",), 'Which combination of a scenario\'s matrix, such as "size=1".', "VALUES")
    ] = None
    minimize: Annotated[
        Literal["input", "schedule", "faults", "nodes", "all"],
        Opt(
            ("--minimize",),
            "What may change: steps and values, the order of things, faults, the nodes of a cluster, or all.",
            "WHAT",
        ),
    ] = "all"
    budget: Annotated[str, Opt(("--budget",), "How long to try, by the wall clock.", "DURATION")] = "15s"
    out: Annotated[str | None, Opt(("--out",), "Write the smaller trace here too.", "FILE")] = None
    keep: Annotated[
        str | None, Opt(("--keep",), "Keep it in this folder, where fozzy test finds it as a regression test.", "DIR")
    ] = None
    as_scenario: Annotated[
        bool, Opt(("--as-scenario",), "Print the result on stdout as a scenario that fails by itself.")
    ] = False

    def call(self, console: Console) -> Exit:
        if self.as_scenario and self.json:
            raise UsageError("usage.two_reports", "--json and --as-scenario both want stdout", hint="drop one of them")
        config = config_of(self)
        duration_option("--budget", self.budget)  # a mistake in it ends the command before anything runs
        store = Store(config.base_dir())
        path = self._recorded(config, store)
        failing = open_failing(path, config.settings.redact, self._allowance(config))
        try:
            return self._shrink(console, config, store, failing)
        finally:
            failing.subject.close()

    def _shrink(self, console: Console, config: Config, store: Store, failing: Failing) -> Exit:
        budget_ns = duration_option("--budget", self.budget)
        assert budget_ns is not None
        self._refuse_places()
        began = wall.now_iso()
        self._say(console, screen.opening(_name(failing), failing.failure.title, failing.message))
        live = screen.Live(console)
        done = shrink(
            failing.subject,
            failing.first,
            failing.failure,
            budget_ns=budget_ns,
            aims=AIMS[self.minimize],
            listen=live,
        )
        live.erase()
        with patient() as patience:  # Ctrl-C now is too late to save time, and early enough to lose the result
            ended = self._finish(console, config, store, _Work(failing, done, began))
        return worst([ended, patience.exit_status])

    def _recorded(self, config: Config, store: Store) -> Path:
        """The trace to shrink. A scenario is run for one first. *Errors*: `StoreError`, `InputError`, `UsageError`."""
        if form_of_scenario(self.target) is None:
            self._refuse_run_options()
            return store.trace_of(self.target)
        loaded = load_scenario(self.target, config)
        seed = run_seed(runnable_file(loaded), seed_of(self))
        case = chosen_case(loaded.file, loaded.document.shown, self.case)
        with store.run() as run_id:
            keep = Keeping(run_id, store, store.folder(run_id) / TRACE_NAME, self.policy, False, True)
            done = run_once(loaded, self.options(config), seed, "run", keep=keep, case=case, root=config.root)
            assert done.trace is not None
            keep_in_store(keep, done.trace, summary_of(done, keep, shown_path(done.trace), "run"))
        if done.ended.status == "pass":
            message = f"{loaded.document.shown} passes with seed {seed}: there is nothing to shrink"
            hint = "fozzy test   finds scenarios that fail"
            if not isinstance(loaded.file, StepsFile):
                hint = f"fozzy explore {loaded.document.shown} --shrink   tries many seeds"
            raise UsageError("shrink.nothing_failed", message, hint=hint)
        return done.trace

    def _allowance(self, config: Config) -> Allowance:
        """Whether user code may run: for a trace only the flag counts."""
        is_trace = form_of_scenario(self.target) is None
        allowed = self.allow_code or (config.settings.allow_code and not is_trace)
        return Allowance(allowed, config.root, config.settings.proc_env, is_trace)

    def _refuse_run_options(self) -> None:
        """A trace says itself how it was run. *Errors*: `UsageError`."""
        given = f"{self.run_flags}{' --case' if self.case else ''}{' --seed' if self.seed is not None else ''}"
        ours = ("--unsafe", "--allow-code")
        flag = next((word for word in shlex.split(given) if word.startswith("--") and word not in ours), None)
        if flag is not None:
            message = f"{flag} says how a scenario is run, and {self.target} is a trace, which has been run"
            raise UsageError("shrink.trace_is_run", message, hint="give a scenario file, or drop the option")

    def _refuse_places(self) -> None:
        """Refuse before the work what could not be written after it. *Errors*: `StoreError`."""
        if self.out is not None:
            check_target(Path(self.out), self.policy)
        if self.keep is not None:
            folder_for(Path(self.keep))

    def _finish(self, console: Console, config: Config, store: Store, work: _Work) -> Exit:
        with store.run() as run_id:
            target = store.folder(run_id) / MIN_NAME
            keep = Keeping(run_id, store, target, "append", True, True)
            recorded = record_best(work.failing, work.done.best, keep, lambda path: self._check(work, path))
            assert recorded.trace is not None
            summary = summary_of(recorded, keep, shown_path(recorded.trace), "shrink")
            keep_in_store(keep, recorded.trace, summary)
            after_run(store, run_id, config.settings.retention)
        body = screen.body_of(work.done, [shown_path(recorded.trace), *self._places(work, keep)])
        self._show(console, work, body, keep, recorded.tally.asks)
        if self.json:
            console.raw(_document(summary, body))
        if self.as_scenario:
            console.raw(_scenario_text(work))
        return ENDS.get(work.done.end, Exit.PASS)

    def _check(self, work: _Work, trace: Path) -> None:
        # This process works in the folder of --cwd already, and so does the fresh one.
        code = ["--allow-code"] if work.failing.subject.origin.allowance.allowed else []
        check_replays(trace, [*(["--config", self.config] if self.config else []), *code])

    def _places(self, work: _Work, keep: Keeping) -> list[str]:
        """Where the trace lies besides the store; written there too now."""
        places: list[str] = []
        if self.out is not None:
            places.append(self._copy(work, keep._replace(target=Path(self.out), policy=self.policy)))
        if self.keep is not None:
            folder = keep._replace(target=Path(self.keep))
            places.append(shown_path(keep_in(work.failing, work.done.best, folder, lambda _path: None)))
        return places

    def _copy(self, work: _Work, keep: Keeping) -> str:
        """Record the result once more, under another name: a trace says where it lies."""
        recorded: Recorded = record_best(work.failing, work.done.best, keep, lambda _path: None)
        assert recorded.trace is not None
        return shown_path(recorded.trace)

    def _show(self, console: Console, work: _Work, body: ShrinkBody, keep: Keeping, asks: int) -> None:
        done = work.done
        if console.quiet:
            size = screen.shown_size(size_of(done.best))
            self._say(console, [line(f"{size}  {body.trace_paths[0]}")])
            return
        start = Row("start", 0, 0, size_of(done.first), faults_in(done.first.script))
        lines = [*screen.table(done, start), [], screen.totals(done, start)]
        checked = f"  checked   replayed in a fresh process: the same failure   ({count(done.tried, 'run')})"
        lines += [line(checked), []]
        lines += [*screen.left(done), *([[]] if done.reasons else []), *screen.slips(done)]
        lines += [[]] * bool(done.slips)
        told = trace_story(body.trace_paths[0]).lines() if size_of(done.best).nodes else []
        lines += [*told, *([[]] if told else [])]
        lines += screen.of_the_world(len(done.first.tape.asks), asks)
        lines += self._next(body, keep)
        self._say(console, lines)

    def _next(self, body: ShrinkBody, keep: Keeping) -> list[Line]:
        short = keep.store.short(keep.run_id)
        lines = [line(f"  {'wrote' if not index else '':<6}  {path}") for index, path in enumerate(body.trace_paths)]
        lines.append(
            line(
                "  next    ",
                Span(f"fozzy replay {quoted(short)}{code_flag(self.allow_code)}{self.place_flags}", "code"),
            )
        )
        again = f"fozzy shrink {quoted(short)} --as-scenario{code_flag(self.allow_code)}{self.place_flags}"
        return [*lines, line("          ", Span(again, "code"), "   as a scenario of its own")]

    def _say(self, console: Console, lines: list[Line]) -> None:
        """Lines for people: on stdout, unless the scenario goes there."""
        if console.quiet and len(lines) > 1:
            return
        (console.talk if self.as_scenario else console.answer)(lines)


class _Work:
    """What was shrunk, and what came of it."""

    def __init__(self, failing: Failing, done: Shrunk, began: str) -> None:
        self.failing = failing
        self.done = done
        self.began = began


def _name(failing: Failing) -> str:
    return display_name(failing.header.scenario.path)


def _scenario_text(work: _Work) -> str:
    text = as_scenario(work.failing, work.done.best)
    if text is None:
        message = "only its tape makes this run fail: no seed that was tried gives the same choices"
        raise UsageError("shrink.needs_its_tape", message, hint="keep the trace: --keep regressions")
    return text


def _document(summary: Summary, body: ShrinkBody) -> str:
    import msgspec

    fields = {name: getattr(summary, name) for name in Summary.__struct_fields__}
    return msgspec.json.encode(ShrinkDocument(**fields, shrink=body)).decode() + "\n"
