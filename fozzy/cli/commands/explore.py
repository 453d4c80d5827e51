"""`fozzy explore`: run a scenario under many orders and seeds until one of them fails."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from fozzy import wall
from fozzy.cli import explore_screen as screen
from fozzy.cli.command import Arg, Opt
from fozzy.cli.commands.run import load_scenario
from fozzy.cli.console import Console
from fozzy.cli.explore_documents import ExploreBody, ExploreDocument
from fozzy.cli.explore_failures import Failures, Places, Told
from fozzy.cli.explore_result import Work, body_of, summary_of
from fozzy.cli.options import AllowCode, Recording, config_of, duration_option, seed_of
from fozzy.cli.patience import patient
from fozzy.cli.telling import member_lines
from fozzy.config import Config
from fozzy.core.summary import Summary, code_flag, exit_of
from fozzy.dsl.document import Loaded
from fozzy.dsl.matrix import cases_of, chosen_case, label_of
from fozzy.engine.code import Allowance
from fozzy.engine.prepare import Options, run_seed, runnable_file
from fozzy.engine.record import Keeping
from fozzy.errors import EvidenceError, Exit, UsageError, worst
from fozzy.report.pretty import run_failure
from fozzy.report.text import Line, Span, count, line, quoted
from fozzy.search.explore.campaign import Campaign
from fozzy.search.explore.kept import Kept, check_same, kept_of, read_kept, write_kept
from fozzy.search.explore.plan import EXECUTIONS_DEFAULT, RECORDS_MAX, Bench, Plan
from fozzy.search.explore.scenario_bench import open_bench
from fozzy.search.explore.variant import Variant, varied
from fozzy.sim.schedules import DEPTH_DEFAULT, Schedule
from fozzy.trace.finalize import check_target, display_name
from fozzy.trace.retention import after_run
from fozzy.trace.store import Store

JOBS_MAX = 64
DEPTH_MAX = 100
NODES_MAX = 1024


class Explore(Recording, frozen=True, kw_only=True):
    """Run a scenario under many orders and seeds until one of them fails.

    The schedule says who goes on where several could: in `parallel` blocks. Execution i has the seed + i. The earliest
    failing execution is recorded as a trace that replays alone, whatever --jobs is. Without a failure it says how many
    different schedules and states it saw and what it did not cover.
    """

    name: ClassVar[str] = "explore"
    scenario: Annotated[str, Arg("The scenario file.", "SCENARIO")]
    schedule: Annotated[
        Literal["fifo", "random", "pct", "dfs", "bfs"] | None,
        Opt(("--schedule",), "Who goes on: fifo, random (the default), pct; dfs and bfs try every order.", "NAME"),
    ] = None
    depth: Annotated[
        int | None, Opt(("--depth",), f"pct: how many orderings a failure needs; {DEPTH_DEFAULT}.", "N")
    ] = None
    horizon: Annotated[
        int | None, Opt(("--horizon",), "pct: over how many choices it changes; measured when not given.", "N")
    ] = None
    bound: Annotated[
        int | None, Opt(("--bound",), "dfs, bfs: the most choices that are not the first in order.", "N")
    ] = None
    seeds: Annotated[
        int | None, Opt(("--seeds",), f"How many executions; {EXECUTIONS_DEFAULT:,} without --time.", "N")
    ] = None
    time: Annotated[str | None, Opt(("--time",), "Stop after this long, by the wall clock.", "DURATION")] = None
    steps: Annotated[int | None, Opt(("--steps",), f"The most records of one execution; {RECORDS_MAX:,}.", "N")] = None
    jobs: Annotated[int | None, Opt(("--jobs", "-j"), "How many processes; the processors' number.", "N")] = None
    case: Annotated[
        str | None, Opt(("--case",), 'Which combination of its matrix, such as "size=1 color=red".', "VALUES")
    ] = None
    faults: Annotated[
        str | None, Opt(("--faults",), "A cluster: more goes wrong; a preset's name, or a file of faults.", "FAULTS")
    ] = None
    nodes: Annotated[int | None, Opt(("--nodes",), "A cluster with node_count: how many nodes.", "N")] = None
    checker: Annotated[
        list[str], Opt(("--checker",), "A cluster: what else must hold, such as kv_all_equal=KEY; repeatable.", "NAME")
    ] = []
    all: Annotated[bool, Opt(("--all",), "Go on after a failure, and tell all that differ.")] = False
    record: Annotated[str | None, Opt(("--record",), "Write the trace of the earliest failure here.", "FILE")] = None
    shrink: Annotated[bool, Opt(("--shrink",), "Make the earliest failure smaller at once.")] = False
    resume: Annotated[str | None, Opt(("--resume",), "Go on where this run stopped.", "RUN")] = None
    allow_code: AllowCode = False

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        store = Store(config.base_dir())
        loaded = load_scenario(self.scenario, config)
        kept = read_kept(store, self.resume) if self.resume is not None else None
        variant = Variant(faults=self.faults, nodes=self.nodes, checkers=self.checker) if kept is None else kept.variant
        loaded = varied(loaded, variant)
        case = self._case(loaded, kept)
        plan = self._plan(loaded, kept)
        if self.record is not None:
            check_target(Path(self.record), self.policy)
        bench = self._bench(loaded, config, plan, case)
        live = screen.Live(console)
        try:
            campaign = Campaign(plan, bench)
            if kept is not None:
                kept.restore(campaign)
            work = Work(config, store, loaded, bench, campaign, kept, case, wall.now_iso(), variant)
            if not console.quiet:
                console.answer(screen.opening(display_name(loaded.document.name), plan, self.resume, campaign.so.next))
            campaign.listen = lambda: live(campaign)
            campaign.run()
            with patient() as patience:  # Ctrl-C now would lose where it is
                ended = self._finish(console, live, work._replace(spent_ns=campaign.spent_ns))
            return worst([ended, patience.exit_status])
        finally:
            live.erase()
            bench.close()

    def _case(self, loaded: Loaded, kept: Kept | None) -> dict[str, Any]:
        """The combination of its matrix. *Errors*: `UsageError`."""
        if kept is None:
            return chosen_case(loaded.file, loaded.document.shown, self.case)
        check_same(kept, loaded)
        return cases_of(loaded.file)[kept.case]

    def _plan(self, loaded: Loaded, kept: Kept | None) -> Plan:
        """What was asked for. *Errors*: `UsageError`."""
        _check_bounds(self)
        time_ns = duration_option("--time", self.time)
        goes_on = self.all
        if kept is not None:
            self._refuse_with_resume()
            count = self.seeds or (kept.plan.count if time_ns is None else screen.COUNT_ENDLESS)
            jobs = self._jobs(kept.plan.schedule)
            return msgspec.structs.replace(kept.plan, count=count, time_ns=time_ns, jobs=jobs, goes_on=goes_on)
        schedule = self._schedule()
        return Plan(
            schedule=schedule,
            seed=run_seed(runnable_file(loaded), seed_of(self)),
            count=self.seeds or (EXECUTIONS_DEFAULT if time_ns is None else screen.COUNT_ENDLESS),
            bound=self.bound,
            time_ns=time_ns,
            records_max=self.steps or RECORDS_MAX,
            jobs=self._jobs(schedule),
            goes_on=goes_on,
        )

    def _schedule(self) -> Schedule:
        """The schedule. *Errors*: `UsageError` for a flag that would do nothing."""
        kind = self.schedule or "random"
        for flag, value in (("--depth", self.depth), ("--horizon", self.horizon)):
            if value is not None and kind != "pct":
                raise _idle(flag, "pct", kind)
        if self.bound is not None and kind not in ("dfs", "bfs"):
            raise _idle("--bound", "dfs and bfs", kind)
        return Schedule(kind=kind, depth=self.depth or DEPTH_DEFAULT, horizon=self.horizon or 0)

    def _jobs(self, schedule: Schedule) -> int:
        """How many processes. *Errors*: `UsageError` for more than one where each execution needs the one before."""
        if not schedule.is_systematic:
            return self.jobs or min(os.cpu_count() or 1, JOBS_MAX)
        if (self.jobs or 1) > 1:
            message = f"--schedule {schedule.kind} runs in one process: where it goes next depends on where it was"
            raise UsageError("explore.idle_flag", message, hint=f"drop --jobs {self.jobs}")
        return 1

    def _refuse_with_resume(self) -> None:
        """What is explored is settled by the run that is resumed. *Errors*: `UsageError`."""
        given = {
            "--schedule": self.schedule,
            "--depth": self.depth,
            "--horizon": self.horizon,
            "--bound": self.bound,
            "--seed": self.seed,
            "--steps": self.steps,
            "--case": self.case,
            "--faults": self.faults,
            "--nodes": self.nodes,
            "--checker": self.checker or None,
        }
        flag = next((flag for flag, value in given.items() if value is not None), None)
        if flag is not None:
            message = f"{flag} says what is explored, and run {self.resume} has settled that"
            raise UsageError("explore.idle_flag", message, hint="drop it; --seeds, --time, --jobs and --all may change")

    def _bench(self, loaded: Loaded, config: Config, plan: Plan, case: dict[str, Any]) -> Bench:
        options = Options(det=True, strict=self.strict, allow_code=self.allow_code, settings=config.settings)
        allowance = self._allowance(config)
        return open_bench(loaded, options, plan.seed, case, allowance, jobs=plan.jobs, records_max=plan.records_max)

    def _allowance(self, config: Config) -> Allowance:
        return Allowance(self.allow_code or config.settings.allow_code, config.root, config.settings.proc_env)

    def _finish(self, console: Console, live: screen.Live, work: Work) -> Exit:
        campaign = work.campaign
        if campaign.unsteady:
            raise _unsteady(work)
        with work.store.run() as run_id:
            failures = Failures(campaign, work.bench, self._places(work, run_id), work.traces)
            told = list(failures.all(self.shrink, live.say))
            live.erase()
            summary = summary_of(work, told, run_id)
            traces = [each.body.trace_path for each in told]
            case = cases_of(work.loaded.file).index(work.case)
            write_kept(work.store, run_id, kept_of(campaign, work.loaded, case, traces, work.variant))
            work.store.finish(run_id, msgspec.json.encode(summary), summary.status)
            after_run(work.store, run_id, work.config.settings.retention)
        body = body_of(work, told, self.resume)
        self._show(console, work, told, body, summary)
        if console.json:
            fields = {name: getattr(summary, name) for name in Summary.__struct_fields__}
            console.raw(msgspec.json.encode(ExploreDocument(**fields, explore=body)).decode() + "\n")
        nothing = [] if campaign.executions else [Exit.NOTHING]
        return worst([exit_of([each.status for each in told]), *nothing, _stopped(campaign)])

    def _places(self, work: Work, run_id: str) -> Places:
        """Where failures go. This process works in the folder of --cwd already, and so does one that replays."""
        settings = work.config.settings
        return Places(
            Keeping(run_id, work.store, work.store.folder(run_id), "append", False, True),
            self.record,
            self.policy,
            ["--config", self.config] if self.config else [],
            settings.redact,
            self._allowance(work.config),
        )

    def _show(self, console: Console, work: Work, told: Sequence[Told], body: ExploreBody, summary: Summary) -> None:
        short = work.store.short(summary.identity.run_id)
        if console.quiet:
            console.answer([line(f"{screen.failures(len(told))} in {count(body.total, 'execution')} (run {short})")])
            return
        lines: list[Line] = []
        for each, member in zip(told, summary.scenarios, strict=False):
            lines += [[], *run_failure(each.findings), *member_lines(member), *screen.found(each.body, self.all)]
        lines += [[], *screen.numbers(body)]
        if not work.campaign.executions:
            lines.append(line(Span("  nothing ran: there was nothing left of what was asked for", "warn")))
        if not told and self.record is not None:
            lines.append(line("  nothing failed: no trace was written"))
        console.answer([*lines, *self._next(work, told, short)])

    def _next(self, work: Work, told: Sequence[Told], short: str) -> list[Line]:
        """What to do next, as commands that can be pasted."""
        code = code_flag(work.calls_code)
        lines: list[Line] = []
        fresh = [each.body for each in told[len(work.traces) :] if each.body.trace_path]
        if fresh:
            first = fresh[0]
            path = first.small_path or first.trace_path or ""
            word = quoted(short if len(fresh) == 1 and not self.record else path)
            lines.append(_command("next", f"fozzy replay {word}{code}{self.place_flags}"))
            if first.small_path is None:
                lines.append(_command("", f"fozzy shrink {word}{code}{self.place_flags}"))
            lines.append(_command("again", self._again(work, first.execution, first.seed)))
        if not work.campaign.is_over:
            lines.append(_command("go on", self._on(work, short)))
        return [[], *lines] if lines else []

    def _on(self, work: Work, short: str) -> str:
        """The command that goes on from here."""
        so, plan = work.campaign.so, work.campaign.plan
        more = f" --time {self.time}" if self.time else ""
        more += f" --seeds {2 * so.next}" if 0 < plan.count <= so.next else ""
        more += " --all" if self.all else ""
        return f"fozzy explore {quoted(self.scenario)} --resume {short}{more}{self._flags}{self.place_flags}"

    def _again(self, work: Work, execution: int, seed: int) -> str:
        """The command that does an execution again: by its seed, or where each depends on the one before, up to it."""
        plan = work.campaign.plan
        schedule = plan.schedule
        flags = f" --schedule {schedule.kind}"
        if schedule.kind == "pct":
            flags += f" --depth {schedule.depth} --horizon {schedule.horizon}"
        flags += f" --bound {plan.bound}" if plan.bound is not None else ""
        which = (plan.seed, execution) if schedule.is_systematic else (seed, 1)
        flags += f" --seed {which[0]} --seeds {which[1]}{screen.records_flag(plan.records_max)}"
        flags += f" --case {quoted(label_of(work.case))}" if work.case else ""
        flags += _varying(work.variant)
        return f"fozzy explore {quoted(self.scenario)}{flags}{self._flags}{self.place_flags}"

    @property
    def _flags(self) -> str:
        return f"{code_flag(self.allow_code)}{'' if self.strict else ' --unsafe'}"


def _varying(variant: Variant) -> str:
    """The flags that make a variant, with a space before them."""
    flags = [f" --faults {quoted(variant.faults)}"] if variant.faults is not None else []
    flags += [f" --nodes {variant.nodes}"] if variant.nodes is not None else []
    return "".join([*flags, *(f" --checker {quoted(each)}" for each in variant.checkers)])


def _command(word: str, words: str) -> Line:
    return line(f"  {word:<8}", Span(words, "code"))


def _check_bounds(command: Explore) -> None:
    """*Errors*: `UsageError` for a number out of range."""
    _bounded("--seeds", command.seeds, 1, 10**12)
    _bounded("--depth", command.depth, 1, DEPTH_MAX)
    _bounded("--horizon", command.horizon, 1, 10**9)
    _bounded("--bound", command.bound, 0, 10**6)
    _bounded("--steps", command.steps, 1, 10**9)
    _bounded("--nodes", command.nodes, 1, NODES_MAX)
    _bounded("--jobs", command.jobs, 1, JOBS_MAX)


def _bounded(flag: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise UsageError("usage.bad_value", f"{flag} must be from {low} to {high}, got {value}")


def _idle(flag: str, needs: str, kind: str) -> UsageError:
    message = f"{flag} is for --schedule {needs}, and with {kind} it does nothing"
    return UsageError("explore.idle_flag", message, hint=f"drop {flag}, or name the schedule")


def _unsteady(work: Work) -> EvidenceError:
    campaign = work.campaign
    message = (
        f"{work.loaded.document.shown} is not deterministic: in execution {campaign.so.next + 1} {campaign.unsteady}"
    )
    return EvidenceError("explore.not_deterministic", message, hint="fozzy doctor --deep   looks for the cause")


def _stopped(campaign: Campaign) -> Exit:
    return {"interrupted": Exit.INTERRUPTED, "terminated": Exit.TERMINATED}.get(campaign.ended_by, Exit.PASS)
