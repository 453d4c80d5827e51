"""Runs clusters in the interpreter of the user's code, one execution after the other, as fozzy asks.

`live` is a program of the fork server (`world/code/server`): it has the user's modules imported already, under the
patches that make time, randomness and the network ours. Garbage is collected between executions, never in one: what it
runs (`__del__`, generators that are dropped) would come at another moment in every process.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from blake3 import blake3

from fozzy.core.choice import Choices, Source
from fozzy.core.clock import Clock
from fozzy.core.events import Event, Record
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.dsl.load import parse
from fozzy.engine.cluster.execute import bind_cluster, execute_cluster
from fozzy.engine.cluster.pointing import PointingLog
from fozzy.engine.cluster.run import ClusterPlan
from fozzy.engine.cluster.wire import Job, Over, Part, Script, decode_job, encode, source_of
from fozzy.engine.prepare import learn_from, runnable_file
from fozzy.engine.run import Ended
from fozzy.engine.tape import CODE
from fozzy.engine.watch import TimedLog
from fozzy.sim import context
from fozzy.sim.cluster import Cluster
from fozzy.sim.isolation import Modules
from fozzy.sim.loop import install_hooks
from fozzy.sim.patches import importing, original
from fozzy.sim.programs import function  # noqa: F401  # every execution wants it
from fozzy.sim.user import UserCode
from fozzy.world.code.places import Places
from fozzy.world.code.watching import Watch
from fozzy.world.code.wire import HEAD, exactly, packed

TICK_S = 1.0  # how often it is looked whether a program hangs
GARBAGE_MAX = 50_000  # objects made and not let go of, before it pays to look for cycles


def live(line: socket.socket, places: Places, failed: dict[str, Any], watch: Watch | None = None) -> NoReturn:
    """Execute what fozzy asks until it has gone; `watch` sees which lines of the user's run."""
    worker = begin(line, places, failed)
    worker.watch = watch
    while (body := receive_body(line)) is not None:
        worker.execute(decode_job(body))
    os._exit(0)


def begin(line: socket.socket, places: Places, failed: dict[str, Any]) -> Worker:
    """Make this process one that executes clusters."""
    gc.disable()
    sys.unraisablehook = lambda _told: None  # what is left of a run may complain; nobody is there to hear it
    return Worker(line, places, failed)


def receive_body(line: socket.socket) -> bytes | None:
    """The body of the next frame, none when the other side has gone."""
    head = exactly(line, HEAD.size)
    return None if head is None else exactly(line, HEAD.unpack(head)[0])


class Worker:
    """Executes jobs; a scenario is parsed once, and may be another one in each job."""

    def __init__(self, line: socket.socket, places: Places, failed: dict[str, Any]) -> None:
        self._line = line
        self._places = places
        self._failed = failed
        self._script: Script | None = None
        self._plan: tuple[ClusterPlan, Redactor, UserCode] | None = None
        self._modules: tuple[tuple[str, ...], Modules] | None = None
        self._digest = user_digest(places)  # before an execution imports more
        self._watch = HangWatch()
        self.watch: Watch | None = None

    def execute(self, job: Job) -> None:
        """Execute once, and send what it says."""
        ended, self._watch.beat = Ended(), self._beat
        log = self._log(job)
        self.perform(job.script, source_of(job.source), log, ended, job.hang_ns)
        at = log.at if isinstance(log, PointingLog) else ""
        seen = self.watch.take() if self.watch is not None else {}
        seen = {name: seen[name] for name in ("lines", "files") if name in seen}
        over = Over(status=ended.status, now_ns=ended.now_ns, findings=ended.findings, at=at, **seen)
        self._line.sendall(packed(encode(Part(ended=over))))

    def _log(self, job: Job) -> Log:
        """Where the records of a job go."""
        if job.pointed >= 0:
            return PointingLog(job.pointed)
        if not job.timed:
            return Log([] if job.quiet else [self._send])
        log = TimedLog([], original("time.perf_counter_ns"))  # a machine that runs has a clock of its own

        def send(records: Sequence[Record]) -> None:
            stamps = log.stamps[log.flushed : log.flushed + len(records)].tolist()
            self._line.sendall(packed(encode(Part(records=list(records), stamps=stamps))))

        log.sinks = [send]
        return log

    def perform(self, script: Script, source: Source, log: Log, ended: Ended, hang_ns: int) -> None:
        """Execute once; `log` is told everything. *Errors*: what the log and the source raise."""
        plan, redactor, user = self.prepare(script)
        choices = Choices(source, Clock(), log, redactor, 0)
        log.append(Event(0, "distributed", CODE, {"digest": self._digest}))
        try:
            with self._watch.over(hang_ns):
                execute_cluster(plan, choices, ended, user, self._began)
        finally:
            self._tidy()

    def _began(self, cluster: Cluster) -> None:
        install_hooks(cluster.kernel)
        self._watch.cluster = cluster
        if isinstance(cluster.kernel.log, PointingLog):
            cluster.kernel.log.watch(cluster)

    def prepare(self, script: Script) -> tuple[ClusterPlan, Redactor, UserCode]:
        """The scenario bound, once."""
        self._parse(script)
        assert self._plan is not None
        return self._plan

    def prepare_forks(self, script: Script) -> None:
        """The scenario bound, and all that an execution would compile or import first, once."""
        if self._plan is None or script != self._script:
            self._parse(script)
            assert self._modules is not None
            self._modules[1].compile_all()
            gc.freeze()

    def _parse(self, script: Script) -> None:
        if self._plan is None or script != self._script:
            loaded = parse(script.document())
            redactor = Redactor(script.names)
            learn_from(redactor, loaded)
            file: Any = runnable_file(loaded)
            plan = bind_cluster(file, redactor, script.duration_ns)
            plan = plan._replace(turned=script.turned, is_strict=script.is_strict)
            user = UserCode(self._places, self._modules_of(plan.setting.share), self._failed, importing)
            is_first, self._script = self._script is None, script
            self._plan = plan, redactor, user
            if is_first:
                gc.collect()
                gc.freeze()  # what is there now stays, and is not looked at again

    def _modules_of(self, share: tuple[str, ...]) -> Modules:
        """Whose modules are whose; found out once for many scenarios, as that takes longer than most executions."""
        if self._modules is None or self._modules[0] != share:
            if self._modules is not None:
                self._modules[1].close()
            self._modules = share, Modules(self._places.folders, share)
        return self._modules[1]

    def _send(self, records: Sequence[Record]) -> None:
        self._line.sendall(packed(encode(Part(records=list(records)))))

    def _beat(self) -> None:
        """An execution that has nothing to say is alive."""
        self._line.sendall(packed(encode(Part())))

    def _tidy(self) -> None:
        """What is left of the execution goes without being noticed."""
        self._watch.cluster = None
        if gc.get_count()[0] > GARBAGE_MAX:
            with importing():
                gc.collect()


class HangWatch:
    """Ends code that runs and runs without giving control back: the alarm of the process looks whether the kernel goes
    on, and raises where the code is. *Limits*: code that never returns from C is ended by whoever waits for us."""

    def __init__(self) -> None:
        self.cluster: Cluster | None = None
        self.beat: Callable[[], None] | None = None  # says that the execution goes on
        self._left_ns = 0
        self._hang_ns = 0
        self._seen = -1

    def over(self, hang_ns: int) -> HangWatch:
        """Watch an execution."""
        self._hang_ns = self._left_ns = hang_ns
        return self

    def __enter__(self) -> None:
        signal.signal(signal.SIGALRM, self._tick)
        signal.setitimer(signal.ITIMER_REAL, TICK_S, TICK_S)

    def __exit__(self, *_error: Any) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _tick(self, _number: int, _frame: Any) -> None:
        cluster = self.cluster
        if cluster is None or context.current is None:
            return
        kernel = cluster.kernel
        kernel.stirred = True  # a turn may last long when its steps are many: then the next one begins
        if kernel.turns != self._seen:
            self._seen, self._left_ns, kernel.beat = kernel.turns, self._hang_ns, self.beat
            return
        self._left_ns -= int(TICK_S * 10**9)
        if self._left_ns <= 0 and cluster.kernel.current is not None:
            raise cluster.hung(cluster.kernel.current, self._hang_ns)


def user_digest(places: Places) -> str:
    """A digest of all of the user's files that are imported: the same code has the same."""
    files: dict[str, str] = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        shown = places.shown(file) if isinstance(file, str) else ""
        if shown and isinstance(file, str):
            files[shown] = file
    digest = blake3()
    for shown in sorted(files):
        digest.update(shown.encode() + b"\0" + _content(files[shown]))
    return digest.hexdigest(length=8)


def _content(file: str) -> bytes:
    try:
        with open(file, "rb") as source:
            return blake3(source.read()).digest()
    except OSError:
        return b""
