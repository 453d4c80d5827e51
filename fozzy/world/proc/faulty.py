"""Processes with faults: rolls for every program that is run to its end."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fozzy.core.blob import Blob
from fozzy.faults.actions import Change, Refuse, Wait
from fozzy.faults.engine import Faults, Planned
from fozzy.faults.kinds import ProcessEnd
from fozzy.world.failure import Failure
from fozzy.world.proc.base import AwaitReady, Exited, IsReady, Port, Proc, Spawn, Start, Started, Stop


class FaultyProc:
    """Stands before a backend once a fault is armed. Background processes start with `spawn_error` and `slow` too."""

    def __init__(self, inner: Proc, faults: Faults, delay: Callable[[int], None]) -> None:
        self._inner = inner
        self._faults = faults
        self._delay = delay

    def spawn(self, request: Spawn) -> Exited:
        """Run to the end, as the fault leaves it."""
        planned = self._faults.roll("proc", {"cmd": request.cmd, "args": request.args})
        if planned is None:
            return self._inner.spawn(request)
        action = planned.action
        if isinstance(action, Refuse):
            self._faults.applied(planned)
            return Exited(failure=Failure(action.kind, f"{action.message}: {request.cmd}"))
        if isinstance(action, Wait):
            self._delay(action.duration_ns)
            self._faults.applied(planned)
            return self._inner.spawn(request)
        assert isinstance(action, Change), f"{planned.rule.kind.name} is no fault of programs"
        return self._change(planned, action, self._inner.spawn(request))

    def start(self, request: Start) -> Started:
        """Start in the background, unless a fault keeps it from starting."""
        planned = self._faults.roll("proc", {"cmd": request.cmd, "args": request.args})
        if planned is None:
            return self._inner.start(request)
        if isinstance(planned.action, Refuse):
            self._faults.applied(planned)
            return Started(failure=Failure(planned.action.kind, f"{planned.action.message}: {request.cmd}"))
        if isinstance(planned.action, Wait):
            self._delay(planned.action.duration_ns)
            self._faults.applied(planned)
        else:
            self._faults.bypassed(planned, "runs_in_background")
        return self._inner.start(request)

    def await_ready(self, request: AwaitReady) -> IsReady:
        """Wait until it is ready."""
        return self._inner.await_ready(request)

    def stop(self, request: Stop) -> Exited:
        """End it and collect its output."""
        return self._inner.stop(request)

    def free_port(self) -> Port:
        """A free port."""
        return self._inner.free_port()

    def _change(self, planned: Planned, action: Change, true: Exited) -> Exited:
        if true.failure is not None:
            self._faults.bypassed(planned, "not_run")
            return true
        self._faults.applied(planned)
        end: ProcessEnd = action.change(ProcessEnd(true.exit_code, true.signal, true.stdout.data()))
        return msgspec.structs.replace(true, exit_code=end.exit_code, signal=end.signal, stdout=Blob.of(end.stdout))
