"""`fozzy replay`: a recorded run again, exactly, without the outside world."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from fozzy import wall
from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.commands.run import StepPrinter, load_scenario
from fozzy.cli.console import Console
from fozzy.cli.options import AllowCode, config_of
from fozzy.cli.reporting import Reports, asked_reports
from fozzy.cli.telling import Listener, told_lines
from fozzy.cli.verdicts import Given, opening_lines, verdict_lines
from fozzy.config import Config
from fozzy.core.duration import parse_ns
from fozzy.core.events import Record, Step
from fozzy.core.summary import SCHEMA_VERSION, Identity, Member, Summary, code_flag, listed
from fozzy.dsl.document import Loaded
from fozzy.engine.code import Allowance
from fozzy.engine.replay import Replayed, StopAt, replay_file, replay_member
from fozzy.errors import Exit, UsageError
from fozzy.report import FORMATS
from fozzy.report.pretty import run_failure
from fozzy.report.text import Line, line
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX, Footer, Header
from fozzy.trace.reader import is_of_proxy
from fozzy.trace.store import Store


class Replay(Command, frozen=True, kw_only=True):
    """Run a recorded trace again without the outside world.

    SAME ends as recorded, FIXED with 0, CHANGED with 1; DRIFT and INCOMPLETE with 6: the recording and the run parted.
    Of a proxy's trace, or a folder of them, every request, or connection and message, is decided again; there --scenario
    takes a chaos file, and --until the number of what is decided.
    """

    name: ClassVar[str] = "replay"
    trace: Annotated[str, Arg("A trace file, a run id, a run's member as 7f3/2, or @latest.", "TRACE")]
    scenario: Annotated[
        str | None, Opt(("--scenario",), "Replay against this scenario instead of the recorded.", "FILE")
    ] = None
    until: Annotated[
        str | None, Opt(("--until",), "Stop at this record's number, or at this scenario time.", "RECORD|DURATION")
    ] = None
    step: Annotated[bool, Opt(("--step",), "Wait for Enter after each step.")] = False
    dump_events: Annotated[bool, Opt(("--dump-events",), "Print every record as a line of JSON.")] = False
    reporter: Annotated[
        list[str], Opt(("--reporter",), f"A report: {', '.join(FORMATS)}; FORMAT=FILE writes it there.", "FORMAT")
    ] = []

    allow_code: AllowCode = False

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        if self.json and self.dump_events:
            raise UsageError("usage.two_reports", "--json and --dump-events both want stdout", hint="drop one of them")
        reports = self._reports
        if self.step and not sys.stdin.isatty():
            raise UsageError(
                "usage.no_terminal", "--step needs a terminal to wait at", hint="--until stops at one place"
            )
        is_folder = os.path.isdir(self.trace) and not self.trace.endswith(SUFFIX)
        path = Path(self.trace) if is_folder else Store(config.base_dir()).trace_of(self.trace)
        started_at, started_ns = wall.now_iso(), wall.elapsed_ns()
        story = Listener(console)
        loaded = None
        if is_folder or is_of_proxy(path):
            replayed = self._decided_again(console, path)
        else:
            loaded = load_scenario(self.scenario, config) if self.scenario else None
            replayed = self._run_again(console, config, path, loaded, story)
        summary = _summary(replayed, path, started_at, (wall.elapsed_ns() - started_ns) // 10**6)
        summary = story.put_into(summary)
        if reports.screen:
            self._show(console, replayed, path, loaded, told_lines(summary, console))
        told = listed(summary, _member(replayed, summary, shown_path(path)))
        reports._replace(events=False).finish(console, summary, told)
        return replayed.exit_status(unsafe=not self.strict)

    def _run_again(
        self, console: Console, config: Config, path: Path, loaded: Loaded | None, story: Listener
    ) -> Replayed:
        return replay_file(
            path,
            scenario=loaded,
            unsafe=not self.strict,
            names=config.settings.redact,
            sinks=[*self._sinks(console), story],
            stop_at=self._stop_at(console),
            opened=self._opening(console),
            allowance=Allowance(self.allow_code, config.root, config.settings.proc_env),
        )

    def _decided_again(self, console: Console, path: Path) -> Replayed:
        """The trace of a proxy: what went through it is decided again."""
        from fozzy.cli.cassette_replay import Asked, decided_again

        watch = _Dump(console) if self.dump_events else None
        asked = Asked(self.scenario, _until(self.until), self.step, not self.strict, watch)
        return decided_again(console, path, asked, self._opening(console))

    @property
    def _reports(self) -> Reports:
        """Where its reports go. *Errors*: `UsageError`."""
        return asked_reports([*self.reporter, *(["json"] if self.json else [])], self.dump_events)

    @property
    def _screen(self) -> bool:
        return self._reports.screen

    def _sinks(self, console: Console) -> list[Callable[[Sequence[Record]], None]]:
        if self.dump_events:
            return [_Dump(console)]
        sinks: list[Callable[[Sequence[Record]], None]] = []
        if self._screen and not console.quiet:
            sinks.append(StepPrinter(console))
        return sinks

    def _stop_at(self, console: Console) -> StopAt | None:
        until = _until(self.until)
        if not self.step:
            return until
        pause = _Pause(console)
        return lambda number, record: (until is not None and until(number, record)) or pause(record)

    def _opening(self, console: Console) -> Callable[[Header, Footer | None], None]:
        def opened(header: Header, footer: Footer | None) -> None:
            if self._screen and not console.quiet:
                console.answer([*opening_lines(self.trace, header, footer), []])

        return opened

    def _show(self, console: Console, replayed: Replayed, path: Path, loaded: Loaded | None, story: list[Line]) -> None:
        now = loaded.document.text if loaded else None
        given = Given(shown_path(path), self.scenario, self.place_flags, not self.strict, code_flag(self.allow_code))
        verdict = verdict_lines(replayed, given, now)
        if console.quiet:
            console.answer([line(f"{replayed.divergence.verdict}  {shown_path(path)}")])
            return
        findings: list[Line] = [[], *run_failure(replayed.findings)] if replayed.findings else []
        lines = [*findings, *story, [], *verdict]
        has_steps = replayed.steps and replayed.header.mode != "proxy"
        console.answer(lines if has_steps or console.verbose else lines[1:])  # the opening ends with a gap


class _Dump:
    """A sink that prints records as they stand in a trace."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._number = 0

    def __call__(self, records: Sequence[Record]) -> None:
        lines: list[str] = []
        for record in records:
            lines.append(f'{{"n":{self._number},{msgspec.json.encode(record).decode()[1:]}\n')
            self._number += 1
        self._console.raw("".join(lines))


class _Pause:
    """Waits for Enter before each step; `c` goes on without waiting, `q` and the end of the input stop."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._waiting = True

    def __call__(self, record: Record) -> bool:
        if not self._waiting or not isinstance(record, Step):
            return False
        keys = "[Enter] go on  [c] to the end  [q] stop"
        answer = self._console.question(f"  next: {record.type} at {record.at}   {keys} ")
        self._waiting = answer != "c"
        return answer in ("q", None)


def _until(text: str | None) -> StopAt | None:
    """Where to stop: a record's number, or a time of the scenario. *Errors*: `UsageError`."""
    if text is None:
        return None
    if re.fullmatch(r"\d{1,15}", text):
        last = int(text)
        return lambda number, _record: number > last
    try:
        end_ns = parse_ns(text)
    except ValueError as error:
        hint = "--until 12 stops after record 12, --until 250ms at that time"
        raise UsageError(
            "usage.bad_value", f"--until is a record's number or a duration, got {text}", hint=hint
        ) from error
    return lambda _number, record: record.t > end_ns


def _member(replayed: Replayed, summary: Summary, shown: str) -> Member:
    member = replay_member(replayed, replayed.header.scenario.path, shown)
    return msgspec.structs.replace(member, story=summary.story, story_left_out=summary.story_left_out)


def _summary(replayed: Replayed, path: Path, started_at: str, duration_ms: int) -> Summary:
    run_id = replayed.footer.run_id if replayed.footer else ""
    return Summary(
        schema_version=SCHEMA_VERSION,
        command="replay",
        status=replayed.verdict_status,
        mode="replay",
        identity=Identity(run_id=run_id, seed=replayed.header.seed, trace_path=shown_path(path)),
        started_at=started_at,
        finished_at=wall.now_iso(),
        duration_ms=duration_ms,
        duration_ns=replayed.now_ns,
        det=True,
        steps=replayed.steps,
        failed_step=replayed.failed_step,
        replay=replayed.divergence,
        nodes=replayed.nodes,
        findings=replayed.findings,
    )
