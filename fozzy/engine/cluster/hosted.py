"""Executes a cluster beside the user's code: in a process of an interpreter that has imported it, under our patches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from fozzy.core.choice import Choices, Source
from fozzy.core.clock import Clock
from fozzy.core.duration import show_ns
from fozzy.core.log import BLOCK_RECORDS, Log
from fozzy.core.outcome import StepFailed
from fozzy.engine.cluster.run import ClusterPlan
from fozzy.engine.cluster.wire import Job, Over, Part, Script, decode_part, encode
from fozzy.engine.prepare import Ready
from fozzy.engine.run import Ended, note_failure
from fozzy.engine.watch import TimedLog
from fozzy.world.code.base import Died, Hung, Seen
from fozzy.world.code.host import HostCode
from fozzy.world.code.interpreter import DIED_GRACE_MS, Run
from fozzy.world.code.lines import Gone, Late
from fozzy.world.code.wire import packed

PROGRAM = "fozzy.engine.cluster.worker:live"
PART_BYTES_MAX = 256 << 20  # a block of records; each of them is bounded by itself
GRACE_NS = 5 * 10**9  # beyond the time after which the process itself notices that a program hangs


class Broken(Exception):
    """The process ended, or hangs where it cannot notice; `outcome` says how."""

    def __init__(self, outcome: Hung | Died) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Session:
    """A process that executes clusters. *Errors*: `Broken`. *Closes*: `close`."""

    def __init__(self, run: Ready, program: str = PROGRAM) -> None:
        project = run.setting.project
        assert project is not None
        own = program.partition(":")[0]
        if own not in project.modules:
            project = msgspec.structs.replace(project, modules=(*project.modules, own))
        self._host = HostCode(project, run.setting.limits)
        self.hang_ns = run.setting.limits.call_ms_max * 10**6
        begun = self._host.begin(program)
        if isinstance(begun, Hung | Died):
            raise Broken(begun)
        self._run: Run = begun
        self._is_over = False

    def execute(self, job: Job, log: Log) -> Over:
        """Execute once; records go into the log as they come."""
        frame = packed(encode(job))
        while True:
            part: Part = self.ask(frame, decode_part)
            frame = b""
            for index, record in enumerate(part.records):
                log.append(record)
                if part.stamps and isinstance(log, TimedLog):
                    log.made(part.stamps[index])
                if len(log.buffer) >= BLOCK_RECORDS:
                    log.flush()
            if part.ended is not None:
                log.flush()
                return part.ended

    def job(self, run: Ready, source: Source) -> Job:
        """The job of executing a run once."""
        spec: Any = source
        return Job(script=script_of(run), source=spec.spec(), hang_ns=self.hang_ns)

    def ask(self, frame: bytes, decode: Callable[[bytes], Any]) -> Any:
        """Send a frame, which may be empty, and wait for the next one."""
        try:
            return decode(self._run.line.ask(frame, self.hang_ns + GRACE_NS, PART_BYTES_MAX))
        except Late:
            self.close()
            raise Broken(Hung(self.hang_ns)) from None
        except (Gone, msgspec.MsgspecError):
            self._is_over = True
            raise Broken(self._host.ended(self._run, DIED_GRACE_MS)) from None

    def close(self) -> None:
        """End the process, if it has not ended."""
        if not self._is_over:
            self._is_over = True
            self._host.let_go(self._run)


def script_of(run: Ready) -> Script:
    """What a process must know of a run besides its source."""
    assert isinstance(run.plan, ClusterPlan)
    names, timeout_ns = run.redactor.names, run.header.timeout_ns
    return Script.of(run.document, names, timeout_ns, turned=run.plan.turned, is_strict=run.plan.is_strict)


def execute_hosted(run: Ready, source: Source, log: Log, ended: Ended) -> None:
    """Execute once, in a process of its own. *Errors*: whatever the log raises."""
    choices = Choices(source, Clock(), log, run.redactor, 0)
    choices.span = "distributed"
    try:
        session = Session(run)
        try:
            job = msgspec.structs.replace(session.job(run, source), timed=isinstance(log, TimedLog))
            over = session.execute(job, log)
        finally:
            session.close()
        ended.status, ended.now_ns, ended.findings = over.status, over.now_ns, list(over.findings)
        ended.seen = Seen(lines={name: set(lines) for name, lines in over.lines.items()}, files=set(over.files))
    except Broken as broken:
        note_failure(choices, ended, failure_of(broken.outcome))
    log.flush()


def failure_of(outcome: Hung | Died) -> StepFailed:
    """What it means for a run that its process hung or died."""
    what = f"importing {outcome.module}" if outcome.module else "a program"
    if isinstance(outcome, Hung):
        message = f"{what} did not give control back within {show_ns(outcome.budget_ns)}"
        failure = StepFailed("sim_hang", message, "hang", "timeout")
    else:
        at = f" ({outcome.function}, {outcome.at})" if outcome.at else ""
        message = f"{what} ended its interpreter{f' with {outcome.how}' if outcome.how else ''}{at}"
        if not outcome.started:
            message = "no interpreter could be started"
        details = {"exception": outcome.how, "at": outcome.at, "stderr": list(outcome.stderr)}
        failure = StepFailed("node_died", message, "panic", "crash", details=details)
    failure.at = "distributed"
    return failure
