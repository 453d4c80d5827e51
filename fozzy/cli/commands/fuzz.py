"""`fozzy fuzz`: throw inputs at a target until something breaks; each crash becomes a small trace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple

import msgspec

from fozzy import wall
from fozzy.cli import fuzz_screen as screen
from fozzy.cli.command import Arg, Opt
from fozzy.cli.commands.run import load_scenario
from fozzy.cli.console import Console
from fozzy.cli.documents import CrashBody, FuzzBody, FuzzDocument
from fozzy.cli.fuzz_crashes import Crashes, Places, Told
from fozzy.cli.options import AllowCode, Recording, config_of, duration_option, suite_seed
from fozzy.config import Config
from fozzy.core.summary import SCHEMA_VERSION, Identity, Summary, exit_of, worst_status
from fozzy.engine.code import Allowance
from fozzy.engine.prepare import Options
from fozzy.engine.record import Keeping
from fozzy.errors import Exit, InterruptedRun, Terminated, UsageError, worst
from fozzy.report.text import Line, Span, line, quoted
from fozzy.search.corpus.names import folder_of, is_target
from fozzy.search.corpus.store import Corpus
from fozzy.search.fuzz.campaign import Campaign, Plan
from fozzy.search.fuzz.dictionary import read_dictionary
from fozzy.search.fuzz.targets import (
    UNITS,
    Bounds,
    PythonFuzz,
    Target,
    Wanted,
    file_name,
    open_target,
)
from fozzy.trace.finalize import shown_path
from fozzy.trace.retention import after_run
from fozzy.trace.store import Store

RUNS_DEFAULT = 10_000
INPUT_BYTES_MAX = 1 << 20
JOBS_MAX = 64
MIB = 1 << 20


class Fuzz(Recording, frozen=True, kw_only=True):
    """Throw inputs at code or a scenario until something breaks.

    A target is a scenario, a Python function or a program; naming a function allows fozzy to call it. A crash is what a
    scenario fails with, what a function raises, and a program that a signal, a timeout or a limit ends; its exit status is
    none. Inputs that reach something new are changed further. Each different crash is shrunk at once and becomes a trace
    that replays alone. A campaign of so many --runs finds the same with the same seed, whatever --jobs is.
    """

    name: ClassVar[str] = "fuzz"
    target: Annotated[str, Arg("scenario:FILE, py:package.module:function or cmd:'PROGRAM [ARG|@@]…'.", "TARGET")]
    runs: Annotated[int | None, Opt(("--runs",), f"How many executions; {RUNS_DEFAULT} without --time.", "N")] = None
    time: Annotated[str | None, Opt(("--time",), "Stop after this long, by the wall clock.", "DURATION")] = None
    mode: Annotated[
        Literal["coverage", "blind", "property"],
        Opt(("--mode",), "Guided by coverage; blind; or typed parameters by Hypothesis.", "MODE"),
    ] = "coverage"
    max_input: Annotated[int, Opt(("--max-input",), "The longest input, in bytes.", "BYTES")] = 4096
    corpus: Annotated[
        str | None, Opt(("--corpus",), "Begin with the inputs of this folder, and keep new ones there.", "DIR")
    ] = None
    dictionary: Annotated[
        str | None, Opt(("--dict",), 'Words that mean something to the target, as name="word" lines.', "FILE")
    ] = None
    meant: Annotated[
        list[str], Opt(("--expect-raises",), "An exception that is meant, and no crash; may be repeated.", "NAME")
    ] = []
    timeout: Annotated[
        str, Opt(("--timeout",), "An execution of a function or program that takes longer hangs.", "DURATION")
    ] = "1s"
    max_memory: Annotated[int, Opt(("--max-memory",), "Memory of one execution, in MiB.", "MIB")] = 1024
    jobs: Annotated[int | None, Opt(("--jobs", "-j"), "How many processes; the processors' number.", "N")] = None
    record: Annotated[str | None, Opt(("--record",), "Write the trace of the earliest crash here.", "FILE")] = None
    keep: Annotated[
        str | None, Opt(("--keep",), "Keep crashes in this folder, where fozzy test finds them as tests.", "DIR")
    ] = None
    allow_code: AllowCode = False

    def call(self, console: Console) -> Exit:
        config, seed = config_of(self), suite_seed(self)
        plan = self._plan(seed)
        live = screen.Live(console)
        corpus = self._corpus(config)
        given = [corpus.read(entry.name) for entry in corpus.entries()] if corpus else []
        target = self._open(config, seed)
        try:
            if not console.quiet:
                console.answer(screen.opening(self.target, target.takes, seed, self._mode_words()))
            began = wall.now_iso()
            campaign = Campaign(msgspec.structs.replace(plan, unit=UNITS[target.kind]), target.bench, given)
            campaign.listen = lambda: live(campaign)
            self._search(campaign, target)
            work = _Work(config, Store(config.base_dir()), campaign, target, seed, began, campaign.spent_ns)
            return self._finish(console, live, work, corpus)
        finally:
            live.erase()
            target.close()

    def _search(self, campaign: Campaign, target: Target) -> None:
        """Run it, until it is over or somebody stops it."""
        if not isinstance(target, PythonFuzz) or self.mode != "property":
            campaign.run()
            return
        try:
            campaign.take(target.search(self.runs or RUNS_DEFAULT))
        except (KeyboardInterrupt, InterruptedRun) as stop:
            campaign.interrupted = stop

    def _check_property(self) -> None:
        """Whether Hypothesis can do it. *Errors*: `UsageError`."""
        if not self.target.startswith("py:"):
            raise UsageError("fuzz.no_property", f"--mode property needs a Python function (py:…), got {self.target}")
        if self.time is not None or self.corpus is not None:
            flag = "--time" if self.time is not None else "--corpus"
            raise UsageError("fuzz.no_property", f"Hypothesis takes no {flag}", hint="--runs says how many examples")
        if find_spec("hypothesis") is None:
            raise UsageError("fuzz.no_property", "Hypothesis is not installed", hint="pip install hypothesis")

    def _plan(self, seed: int) -> Plan:
        """What was asked for. *Errors*: `UsageError`."""
        _bounded("--runs", self.runs, 1, 10**12)
        _bounded("--max-input", self.max_input, 1, INPUT_BYTES_MAX)
        _bounded("--jobs", self.jobs, 1, JOBS_MAX)
        _bounded("--max-memory", self.max_memory, 16, 1 << 20)
        if self.mode == "property":
            self._check_property()
        time_ns = duration_option("--time", self.time)
        runs = RUNS_DEFAULT if self.runs is None and time_ns is None else self.runs
        guided = self.mode == "coverage"
        return Plan(seed=seed, runs=runs, time_ns=time_ns, bytes_max=self.max_input, guided=guided)

    def _open(self, config: Config, seed: int) -> Target:
        timeout_ns = duration_option("--timeout", self.timeout)
        assert timeout_ns is not None
        wanted = Wanted(
            seed=seed,
            bounds=Bounds(
                timeout_ms=max(1, timeout_ns // 10**6),
                memory_bytes=self.max_memory * MIB,
                input_bytes_max=self.max_input,
            ),
            jobs=self.jobs or os.cpu_count() or 1,
            covered=self.mode == "coverage",
            meant=self.meant,
            words=read_dictionary(self.dictionary) if self.dictionary else [],
            options=Options(det=True, strict=self.strict, allow_code=self.allow_code, settings=config.settings),
            root=config.root,
        )
        allowance = Allowance(self.allow_code or config.settings.allow_code, config.root, config.settings.proc_env)
        return open_target(self.target, wanted, lambda word: load_scenario(word, config), allowance)

    def _corpus(self, config: Config) -> Corpus | None:
        if self.corpus is None:
            return None
        folder = folder_of(config.base_dir(), self.corpus) if is_target(self.corpus) else Path(self.corpus)
        return Corpus(folder)

    def _mode_words(self) -> str:
        return {"coverage": "guided by coverage", "blind": "blind", "property": "by Hypothesis"}[self.mode]

    def _finish(self, console: Console, live: screen.Live, work: _Work, corpus: Corpus | None) -> Exit:
        campaign = work.campaign
        added = sum(corpus.add(find.data).is_new for _, find in campaign.finds) if corpus else 0
        with work.store.run() as run_id:
            crashes = Crashes(campaign, work.target, file_name(self.target), self._places(work, run_id))
            told = list(crashes.all(live.say))
            live.erase()
            summary = self._summary(work, told, run_id)
            work.store.finish(run_id, msgspec.json.encode(summary), summary.status)
            after_run(work.store, run_id, work.config.settings.retention)
        body = self._body(work, [each.body for each in told], corpus, added)
        self._show(console, work, body, work.store.short(run_id))
        if console.json:
            fields = {name: getattr(summary, name) for name in Summary.__struct_fields__}
            console.raw(msgspec.json.encode(FuzzDocument(**fields, fuzz=body)).decode() + "\n")
        return worst([exit_of([each.status for each in told]), _stopped(campaign)])

    def _places(self, work: _Work, run_id: str) -> Places:
        """Where crashes go. This process works in the folder of --cwd already, and so does one that replays."""
        keeping = Keeping(run_id, work.store, work.store.folder(run_id), "append", False, True)
        words = ["--config", self.config] if self.config else []
        return Places(keeping, self.record, self.policy, self.keep, words)

    def _summary(self, work: _Work, told: Sequence[Told], run_id: str) -> Summary:
        traces = [each.body.trace_path for each in told if each.body.trace_path]
        return Summary(
            schema_version=SCHEMA_VERSION,
            command="fuzz",
            status=worst_status([each.status for each in told]),
            mode="fuzz",
            identity=Identity(
                run_id=run_id,
                seed=work.seed,
                trace_path=traces[0] if traces else None,
                artifacts_dir=shown_path(work.store.folder(run_id)),
            ),
            started_at=work.began,
            finished_at=wall.now_iso(),
            duration_ms=work.campaign.spent_ns // 10**6,
            duration_ns=0,
            findings=[finding for each in told for finding in each.findings],
        )

    def _body(self, work: _Work, crashes: list[CrashBody], corpus: Corpus | None, added: int) -> FuzzBody:
        campaign = work.campaign
        stop = campaign.interrupted
        ended: Literal["runs", "time", "interrupted", "terminated"] = "runs"
        if stop is not None:
            ended = "terminated" if isinstance(stop, Terminated) else "interrupted"
        elif campaign.plan.time_ns is not None and campaign.runs < (campaign.plan.runs or campaign.runs + 1):
            ended = "time"
        return FuzzBody(
            target=self.target,
            takes=work.target.takes,
            mode=self.mode,
            runs=campaign.runs,
            duration_ms=work.spent_ns // 10**6,
            runs_per_second=campaign.runs * 10**9 // max(1, work.spent_ns),
            features=len(campaign.seen),
            corpus=len(campaign.corpus),
            corpus_added=added,
            corpus_path=corpus.shown if corpus else None,
            forks=campaign.forks,
            ended_by=ended,
            crashes=crashes,
        )

    def _show(self, console: Console, work: _Work, body: FuzzBody, short: str) -> None:
        if console.quiet:
            console.answer([line(f"{screen.crashes(len(body.crashes))} in {body.runs:,} runs (run {short})")])
            return
        lines: list[Line] = [[], *screen.numbers(body)]
        if body.ended_by == "time":
            lines.append(line("  stopped by the clock; all that it did, every time, and a little more:"))
            lines.append(line("          ", Span(self._again(work, work.campaign.begun), "code")))
        if body.ended_by in ("interrupted", "terminated"):
            lines.append(line(Span("  stopped early", "warn")))
        if body.corpus_path:
            lines.append(line(f"  corpus {body.corpus_path}: {body.corpus_added} new"))
        for crash in body.crashes:
            lines += screen.crash_lines(crash, is_sized=work.target.kind != "scenario")
        if not body.crashes and self.record is not None:
            lines.append(line("  nothing crashed: no trace was written"))
        console.answer([*lines, *self._next(work, body, short)])

    def _next(self, work: _Work, body: FuzzBody, short: str) -> list[Line]:
        first = next((each for each in body.crashes if each.trace_path), None)
        if first is None or first.trace_path is None:
            return []
        word = first.trace_path if self.record else f"{short}/{body.crashes.index(first) + 1}"
        code = " --allow-code" if work.target.kind == "py" or self.allow_code else ""
        replay = f"fozzy replay {quoted(word)}{code}{self.place_flags}"
        lines = [[], line("  next    ", Span(replay, "code"), "   see it again")]
        if not body.corpus_added:  # otherwise the next campaign begins with other inputs
            runs = work.campaign.plan.runs if self.mode == "property" else first.run
            lines.append(line("          ", Span(self._again(work, runs or first.run), "code"), "   find it again"))
        return lines

    def _again(self, work: _Work, runs: int) -> str:
        usual = Fuzz(target=self.target)
        flags = "".join(
            f" {flag} {quoted(str(value))}"
            for flag, value, other in (
                ("--mode", self.mode, usual.mode),
                ("--max-input", self.max_input, usual.max_input),
                ("--corpus", self.corpus, None),
                ("--dict", self.dictionary, None),
                ("--timeout", self.timeout, usual.timeout),
                ("--max-memory", self.max_memory, usual.max_memory),
                *(("--expect-raises", name, None) for name in self.meant),
            )
            if value != other
        )
        flags += "" if self.strict else " --unsafe"
        flags += " --allow-code" if self.allow_code else ""
        return f"fozzy fuzz {quoted(self.target)} --runs {runs} --seed {work.seed}{flags}{self.place_flags}"


class _Work(NamedTuple):
    """A campaign that is over, and where its results go."""

    config: Config
    store: Store
    campaign: Campaign
    target: Target
    seed: int
    began: str
    spent_ns: int


def _stopped(campaign: Campaign) -> Exit:
    stop = campaign.interrupted
    if stop is None:
        return Exit.PASS
    return Exit.TERMINATED if isinstance(stop, Terminated) else Exit.INTERRUPTED


def _bounded(flag: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise UsageError("usage.bad_value", f"{flag} must be from {low} to {high}, got {value}")
