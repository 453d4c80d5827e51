"""Replays a trace: the same engine, with the recording as the source of its choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy import wall
from fozzy.core.events import Draw, Found, Record
from fozzy.core.log import Sink
from fozzy.core.outcome import EXIT_OF_STATUS, Finding, Location, Status
from fozzy.core.redact import Redactor
from fozzy.core.summary import Divergence, Member
from fozzy.dsl.document import Document, Loaded
from fozzy.dsl.load import parse
from fozzy.engine.code import NO_CODE, Allowance, refused, with_code
from fozzy.engine.place import Tally, failed_step, nodes_count, place, steps_count
from fozzy.engine.prepare import Ready, learn_from, ready, runnable_file, start
from fozzy.engine.run import Ended
from fozzy.engine.tape import ReplayLog, Stopped, Tape, verdict_of
from fozzy.errors import EvidenceError, Exit, FozzyError, InputError, Problem, UsageError, Where
from fozzy.trace.finalize import display_name, shown_path
from fozzy.trace.format import EmbeddedScenario, Footer, Header
from fozzy.trace.reader import Trace, open_trace

StopAt = Callable[[int, Record], bool]
Opened = Callable[[Header, Footer | None], None]


class Replayed(NamedTuple):
    """What a replay came to."""

    header: Header
    footer: Footer | None
    status: Status
    divergence: Divergence
    findings: list[Finding]
    now_ns: int
    steps: int
    failed_step: int
    calls_code: bool = False
    nodes: int = 0
    passed: str = ""  # of a proxy: what was decided again, as `3 requests`

    @property
    def verdict_status(self) -> Status:
        """What the verdict makes of the replay: as recorded for SAME, `error` where the recording and the run parted."""
        verdict = self.divergence.verdict
        if verdict in ("DRIFT", "INCOMPLETE"):
            return "error"
        return "fail" if verdict == "CHANGED" else self.status

    def exit_status(self, unsafe: bool) -> Exit:
        """The exit status of that status; for `error` 6, with `unsafe` 0 where the recording only ended too early."""
        if self.verdict_status != "error":
            return EXIT_OF_STATUS[self.verdict_status]
        return Exit.PASS if self.divergence.verdict == "INCOMPLETE" and unsafe else Exit.EVIDENCE


def replay_file(
    path: Path,
    *,
    scenario: Loaded | None = None,
    unsafe: bool = False,
    names: Sequence[str] = (),
    sinks: Sequence[Sink] = (),
    stop_at: StopAt | None = None,
    opened: Opened | None = None,
    allowance: Allowance = NO_CODE,
) -> Replayed:
    """Replay a trace, by its own scenario unless another is given. Never touches the outside world; user code is
    called again when it may be.

    `unsafe` also replays a trace without a seal. *Errors*: `StoreError`, `EvidenceError`; `InputError` for a scenario
    that cannot run, `NotAllowedError`. `opened` is told what the trace is before anything runs.
    """
    with open_trace(path) as trace:
        if trace.is_sealed or not unsafe:
            trace.check_seal()
        if opened is not None:
            opened(trace.header(), trace.footer())
        run = _ready(trace, scenario or embedded(trace), names, allowance)
        return _replay(trace, run, scenario is not None, sinks, stop_at)


def _ready(trace: Trace, loaded: Loaded, names: Sequence[str], allowance: Allowance) -> Ready:
    redactor = Redactor(names)
    learn_from(redactor, loaded)
    run = ready(trace.header(), loaded, redactor, allowance.root)
    return with_code(run, loaded, allowance._replace(is_trace=True))


def _replay(trace: Trace, run: Ready, changed: bool, sinks: Sequence[Sink], stop_at: StopAt | None) -> Replayed:
    footer = trace.footer()
    complete = footer is not None and footer.end == "sealed"
    records = trace.records() if trace.is_sealed else trace.whole_records()
    tape = Tape(records, run.header.seed, failing=_failing(footer), complete=complete, changed=changed)
    tape.stop_at = stop_at
    tape.draws = lambda: [record for record in trace.whole_records() if type(record) is Draw]
    tally = Tally()
    return _run(run, tape, tally, [tally, *sinks], footer)


def _run(run: Ready, tape: Tape, tally: Tally, sinks: Sequence[Sink], footer: Footer | None) -> Replayed:
    ended, stopped = Ended(), None
    try:
        start(run, tape, ReplayLog(tape, sinks), ended=ended)
        tape.finish()
    except Stopped as stop:
        stopped = stop
    found: list[Found] = ended.findings
    return Replayed(
        run.header,
        footer,
        ended.status,
        _elsewhere(_known_again(verdict_of(tape, ended, stopped), footer, found), footer, run),
        place(found, run.document, run.document.text, tally.before, run.plan.included),
        ended.now_ns,
        steps_count(run.file),
        failed_step(run.file, found),
        run.setting.project is not None,
        nodes_count(run.file),
    )


def _known_again(divergence: Divergence, footer: Footer | None, found: Sequence[Found]) -> Divergence:
    """A run of changed code that fails as it did then has not another failure, only another way to it."""
    first = next((each for each in found if each.status != "pass"), None)
    summary = footer.summary if footer is not None else None
    recorded = next(iter(summary.findings), None) if summary is not None else None
    if divergence.verdict != "CHANGED" or first is None or recorded is None or recorded.location is None:
        return divergence
    if (first.title, first.at) != (recorded.title, recorded.location.path):
        return divergence
    return msgspec.structs.replace(divergence, cause="the same failure as recorded, by another way")


def _elsewhere(divergence: Divergence, footer: Footer | None, run: Ready) -> Divergence:
    """A drift of user code under another Python or system than it was recorded under, where it may run otherwise."""
    if divergence.verdict != "DRIFT" or footer is None or run.setting.project is None:
        return divergence
    then, now = (footer.python, footer.os), (wall.python_version(), wall.system_name())
    if then == now:
        return divergence
    said = f"it was recorded with Python {then[0]} on {then[1]}, and this is Python {now[0]} on {now[1]}"
    cause = f"{divergence.cause}; {said}: the user's code may run otherwise there"
    return msgspec.structs.replace(divergence, cause=cause)


def embedded(trace: Trace) -> Loaded:
    """The scenario a trace carries. *Errors*: `EvidenceError` when it is not one; `UsageError` when a proxy wrote it."""
    if trace.header().mode == "proxy":
        message = f"{trace.shown} was recorded by a proxy: it holds no scenario"
        hint = f"fozzy replay {trace.shown}   decides again what went through it"
        raise UsageError("trace.of_proxy", message, hint=hint, where=Where(trace.shown))
    try:
        loaded = _parsed(trace.header().scenario)
        runnable_file(loaded)
    except (InputError, UsageError) as error:
        raise EvidenceError(
            "trace.bad_scenario",
            f"{trace.shown} carries a scenario that is not valid: {error.message}",
            hint="it was recorded by another version, or altered before it was sealed",
        ) from error
    return loaded


def refused_code(path: Path, allowance: Allowance) -> list[Problem]:
    """The problem of a kept trace that calls user code and may not. Of one that cannot be read the replay tells."""
    try:
        with open_trace(path) as trace:
            problems = refused(embedded(trace), allowance._replace(is_trace=True))
    except FozzyError:
        return []
    return [msgspec.structs.replace(each, where=Where(shown_path(path))) for each in problems]


def _parsed(scenario: EmbeddedScenario) -> Loaded:
    """An embedded file and those it includes, none of which is looked for on disk. *Errors*: `InputError`."""
    document = Document(scenario.path, scenario.path, scenario.text, scenario.form, scenario.digest)
    included = {each.file: each for each in scenario.included}

    def fetch(word: str) -> Loaded:
        if word not in included:
            raise InputError("scenario.no_include", f'the trace does not carry the included file "{word}"')
        return _parsed(included[word])

    return parse(document, fetch)


def _failing(footer: Footer | None) -> str | None:
    """The path of the recorded failure, none when the run passed or did not end."""
    if footer is None or footer.summary is None or footer.summary.status == "pass":
        return None
    locations = [finding.location.path for finding in footer.summary.findings if finding.location]
    return locations[0] if locations else None


def replay_member(replayed: Replayed, name: str, shown: str, number: int = 1) -> Member:
    """A replay as reports that list scenarios tell it."""
    passed = replayed.exit_status(unsafe=False) == Exit.PASS
    findings = replayed.findings or ([] if passed else [_parted(replayed.divergence, shown)])
    return Member(
        number=number,
        name=display_name(name),
        path=shown,
        status=replayed.verdict_status,
        seed=replayed.header.seed,
        duration_ns=0,
        steps=replayed.steps,
        failed_step=replayed.failed_step,
        passed=passed,
        trace_path=shown,
        findings=findings,
        replay=replayed.divergence,
        calls_code=replayed.calls_code,
        nodes=replayed.nodes,
    )


def _parted(divergence: Divergence, shown: str) -> Finding:
    said = f"{divergence.verdict} at record #{divergence.record}: {divergence.cause or 'the recording ends there'}"
    location = Location(file=shown, line=1, col=1, path="")
    return Finding(kind="checker", title=divergence.verdict.lower(), message=said, location=location)
