"""Runs one scenario and records it: the trace is written as the run goes and finalized by the one finalizer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fozzy import wall
from fozzy.core.choice import Source
from fozzy.core.events import Found
from fozzy.core.log import Sink
from fozzy.core.outcome import Finding, Status
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.core.summary import SCHEMA_VERSION, Identity, Mode, Summary, code_flag
from fozzy.dsl.document import Loaded
from fozzy.dsl.scenario import Expect, Runnable
from fozzy.engine.code import allowance_of, with_code
from fozzy.engine.place import Tally, failed_step, nodes_count, place, steps_count
from fozzy.engine.prepare import Options, Ready, for_host, header_of, ready, start
from fozzy.engine.run import Ended
from fozzy.engine.watch import NO_WATCHING, Watching, watching
from fozzy.errors import InterruptedRun, StoreError
from fozzy.trace.finalize import Policy, check_target, finalize, partial_of, shown_path
from fozzy.trace.format import Footer
from fozzy.trace.store import TRACE_NAME, Store
from fozzy.trace.writer import Recorder
from fozzy.version import VERSION


class Keeping(NamedTuple):
    """Where a run's trace goes and when it is kept at all."""

    run_id: str
    store: Store
    target: Path  # the trace's name, before the collision policy
    policy: Policy
    asked: bool  # the user asked for the trace: it is kept whatever happens, and durable
    always: bool  # kept even when the run passes
    stem: str = "trace"  # what side files in the run's folder begin with


class Recorded(NamedTuple):
    """A run that ended and was recorded."""

    run: Ready
    ended: Ended
    findings: list[Finding]
    trace: Path | None
    tally: Tally
    started_at: str
    finished_at: str
    duration_ms: int

    @property
    def steps(self) -> int:
        """How many top-level steps the scenario has, setup included."""
        return steps_count(self.run.file)

    @property
    def calls_code(self) -> bool:
        """Whether it calls user code."""
        return self.run.setting.project is not None

    @property
    def failed_step(self) -> int:
        """Which of them failed, from 1; 0 when none did."""
        return failed_step(self.run.file, self.ended.findings)


class _Recording(NamedTuple):
    """A run under way and all that listens to it."""

    run: Ready
    keep: Keeping
    recorder: Recorder
    tally: Tally
    ended: Ended
    started_at: str
    started_ns: int


def run_once(
    loaded: Loaded,
    options: Options,
    seed: int,
    mode: Mode,
    *,
    keep: Keeping,
    case: Mapping[str, Any] | None = None,
    root: Path = Path(),
    sinks: Sequence[Sink] = (),
) -> Recorded:
    """Run a scenario and keep its trace as `keep` says. *Errors*: `InputError`, `NotAllowedError`, `StoreError`,
    `InterruptedRun`."""
    header, redactor = header_of(loaded, options, seed, mode, case)
    run = for_host(ready(header, loaded, redactor, root, case), options.settings)
    run = with_code(run, loaded, allowance_of(options, root))
    run, watched = watching(run, options.watch)
    return record(run, Seeded(seed), keep, sinks=sinks, wait=wall.pause_ns, watched=watched)


def record(
    run: Ready,
    source: Source,
    keep: Keeping,
    *,
    sinks: Sequence[Sink] = (),
    wait: Callable[[int], None] | None = None,
    check: Callable[[Path], None] | None = None,
    watched: Watching = NO_WATCHING,
) -> Recorded:
    """Execute a run with a source and keep its trace as `keep` says. `check` may refuse the sealed trace, by an error,
    before it has its name; nothing of it is kept then. *Errors*: as `run_once`, and those of `check`."""
    if keep.asked:
        check_target(keep.target, keep.policy)
    buffered = not (keep.asked or keep.always)
    recorder = Recorder(run.header, partial_of(keep.target, keep.run_id), run.redactor, buffered=buffered)
    going = _Recording(run, keep, recorder, Tally(), Ended(), wall.now_iso(), wall.elapsed_ns())
    try:
        start(run, source, watched.log([recorder, going.tally, *sinks]), wait, going.ended)
    except KeyboardInterrupt as stop:
        with wall.signals_held():  # a second one, or that of a pool, would leave half a trace
            told = _interrupted(going, stop)
        raise told from None
    except BaseException:
        recorder.close()  # a trace that was asked for stays as it is, for `trace recover`
        raise
    # Who checks starts programs, which would inherit it, and tidies up after a signal.
    held = wall.signals_held() if check is None else contextlib.nullcontext()
    with held:
        done = _end(going, check)
    watched.write(run.header, done.ended.seen, keep.store.folder(keep.run_id) / keep.stem, recorder.sealed)
    return done


def _end(going: _Recording, check: Callable[[Path], None] | None) -> Recorded:
    """Decide whether the trace is kept, and finalize it if it is."""
    run, keep, recorder, ended = going.run, going.keep, going.recorder, going.ended
    clean = run.redactor.text  # once more: what turned out to be a secret after a finding was made
    found = [_without_secrets(each, run.redactor) for each in ended.findings]
    before = [clean(said) for said in going.tally.before]
    included = {at: msgspec.structs.replace(each, text=clean(each.text)) for at, each in run.plan.included.items()}
    findings = place(found, run.document, clean(run.header.scenario.text), before, included)
    duration_ms = (wall.elapsed_ns() - going.started_ns) // 10**6
    done = Recorded(run, ended, findings, None, going.tally, going.started_at, wall.now_iso(), duration_ms)
    if not keep.always and ended_as_expected(run.file, ended.status, findings):
        recorder.discard()
        return done

    def footer(path: str) -> Footer:
        return _footer(going, done.finished_at, summary_of(done, keep, path))

    durable = keep.asked or ended.status != "pass"
    return done._replace(trace=finalize(recorder, keep.target, keep.policy, footer, durable=durable, check=check))


def _without_secrets(found: Found, redactor: Redactor) -> Found:
    text = redactor.text
    details = redactor.clean(found.details)
    return msgspec.structs.replace(found, message=text(found.message), label=text(found.label), details=details)


def summary_of(done: Recorded, keep: Keeping, trace: str | None, command: str = "") -> Summary:
    """The summary of one run."""
    header = done.run.header
    folder = shown_path(keep.store.folder(keep.run_id))
    return Summary(
        schema_version=SCHEMA_VERSION,
        command=command or header.mode,
        status=done.ended.status,
        mode=header.mode,
        identity=Identity(run_id=keep.run_id, seed=header.seed, trace_path=trace, artifacts_dir=folder),
        started_at=done.started_at,
        finished_at=done.finished_at,
        duration_ms=done.duration_ms,
        duration_ns=done.ended.now_ns,
        det=header.det,
        steps=done.steps,
        failed_step=done.failed_step,
        memory=done.ended.heap,
        nodes=nodes_count(done.run.file),
        findings=done.findings,
    )


def ended_as_expected(file: Runnable, status: Status, findings: Sequence[Finding]) -> bool:
    """Whether a run ended as its scenario says it must: passed, or failed as `expect` describes."""
    if file.expect is None:
        return status == "pass"
    return not unexpected_part(file.expect, end_of(status, findings))


def end_of(status: Status, findings: Sequence[Finding]) -> dict[str, str]:
    """How a run ended, in the words of `expect`; empty where there are none."""
    first = next(iter(findings), None)
    at = first.location.path if first and first.location else ""
    return {"status": status, "title": first.title if first else "", "at": at}


def unexpected_part(expect: Expect, ended: Mapping[str, str]) -> str:
    """The first part of `expect` that does not hold of an end; empty when it ended so."""
    return next((part for part, said in ended.items() if getattr(expect, part) not in (None, said)), "")


def keep_in_store(keep: Keeping, trace: Path, summary: Summary) -> None:
    """Give the store its own name for a trace that went elsewhere, keep the summary, move the aliases."""
    keep_inside(keep, trace, TRACE_NAME)
    keep.store.finish(keep.run_id, msgspec.json.encode(summary), summary.status)


def keep_inside(keep: Keeping, trace: Path, name: str) -> None:
    """Give the run's folder its own name for a trace that went elsewhere. *Errors*: `OSError`."""
    folder = keep.store.folder(keep.run_id)
    if trace.parent == folder:
        return
    try:
        os.link(trace, folder / name)
    except OSError:
        import shutil

        shutil.copyfile(trace, folder / name)


def _footer(going: _Recording, finished_at: str, summary: Summary | None) -> Footer:
    """The end of a trace; without a summary the run was cut off."""
    return Footer(
        end="incomplete" if summary is None else "sealed",
        run_id=going.keep.run_id,
        engine=VERSION,
        python=wall.python_version(),
        os=wall.system_name(),
        hash_seed=wall.hash_seed(),
        started_at=going.started_at,
        finished_at=finished_at,
        counts=going.recorder.counts,
        blocks=going.recorder.blocks,
        summary=summary,
    )


def _interrupted(going: _Recording, stop: KeyboardInterrupt) -> InterruptedRun:
    """Seal what there is as incomplete and say where it is."""
    keep = going.keep
    finished_at = wall.now_iso()
    try:
        path = finalize(going.recorder, keep.target, keep.policy, lambda _path: _footer(going, finished_at, None))
    except StoreError as error:
        return InterruptedRun.by(stop, f"interrupted; {error.message}")
    shown = shown_path(path)
    flag = code_flag(going.run.setting.project is not None)
    hint = f"fozzy replay {shown}{flag} --unsafe goes as far as the run went"
    return InterruptedRun.by(stop, f"interrupted {going.run.document.shown}; what there is: {shown}", hint)
