"""A trio loop on a shared clock: its deadlines are virtual, its sockets are real.

trio asks a clock how long it may sleep. This one says: until something real happens; the shared clock wakes the loop when
the time of its next deadline has come. Instruments tell when the loop waits and when it runs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import trio

from fozzy.chaos.clock.chance import separate
from fozzy.chaos.clock.shared import NEVER_NS, HasCome, Seat, SharedClock
from fozzy.chaos.clock.times import due_ns_of, readable, until_readable

ASLEEP_S = 3600.0  # of real time; a jump, or something real, wakes it before


class VirtualTrioClock(trio.abc.Clock, trio.abc.Instrument):
    """For one run: `trio.run(main, clock=clock, instruments=[clock])`; `clock.leave` is called when the run ends."""

    def __init__(self, shared: SharedClock, name: str = "trio") -> None:
        self._shared = shared
        self._name = name
        self._seat: Seat | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._due_ns = NEVER_NS
        self._has_come: HasCome | None = None
        self._until_come: Callable[[], Any] | None = None

    def start_clock(self) -> None:
        """The run begins; trio calls it."""
        self._seat = self._shared.join(self._name, self._wake)

    def current_time(self) -> float:
        """Seconds since the shared clock began."""
        return self._shared.now_ns() / 1e9

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """How long trio may wait for something real."""
        if deadline <= self.current_time():
            return 0.0
        self._due_ns = due_ns_of(deadline)
        return ASLEEP_S

    @property
    def is_guest(self) -> bool:
        """Whether another thread waits for it, while the host's goes on; then nothing may wait here."""
        return False

    def before_run(self) -> None:
        """Nothing yet."""

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        """A task begins: it draws for itself."""
        separate(task.context)

    def before_io_wait(self, timeout: float) -> None:
        """The loop is about to wait."""
        if self._token is None:
            with contextlib.suppress(RuntimeError):
                self._token = trio.lowlevel.current_trio_token()
                epoll = _epoll()
                self._has_come = readable(epoll)
                self._until_come = None if self.is_guest else until_readable(epoll)
        if timeout > 0 and self._seat is not None:
            self._seat.idle(self._due_ns, self._has_come)
            if self._until_come is not None:
                self._until_come()  # trio takes away what has come before it says so; here it stays until the seat is busy
                self._seat.busy()

    def after_io_wait(self, timeout: float) -> None:
        """It waits no more."""
        if timeout > 0 and self._seat is not None and self._until_come is None:
            self._seat.busy()

    def after_run(self) -> None:
        """The run ended."""
        seat, self._seat = self._seat, None
        if seat is not None:
            seat.leave()

    def _wake(self) -> None:
        token = self._token
        if token is not None:
            with contextlib.suppress(trio.RunFinishedError):
                token.run_sync_soon(_nothing)


def _epoll() -> Any:
    """Where this loop waits, as far as trio lets see it; without it the clock relies on `settle_s`."""
    from trio._core import _run

    manager = getattr(getattr(_run.GLOBAL_RUN_CONTEXT, "runner", None), "io_manager", None)
    return getattr(manager, "_epoll", getattr(manager, "_kqueue", None))


def _nothing() -> None:
    """Being called is all."""
