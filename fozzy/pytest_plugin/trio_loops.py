"""Trio's loops on the clock of a test, those that run in guest mode among them.

Rule 1: what is told a clock of its own keeps it.
Rule 2: a guest's host is a thread that waits for it; while the host does something else, it is the host that keeps the time.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from trio import RunFinishedError
from trio._core import _run

from fozzy.chaos.clock.shared import NEVER_NS
from fozzy.chaos.clock.tasks import waiting
from fozzy.chaos.clock.times import due_ns_of
from fozzy.chaos.clock.trio_clock import ASLEEP_S, VirtualTrioClock
from fozzy.pytest_plugin.loops import Reading, here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fozzy.errors import FozzyError

OURS = "fozzy-"  # threads of ours live in real time, or have a clock already


@contextlib.contextmanager
def offered_runs() -> Iterator[None]:
    """Within this block a run of trio that is told no clock has one of ours.

    Where every run begins, since names such as `from trio import run` are bound long before.
    """
    before = _run.setup_runner

    def setup_runner(clock: Any, instruments: Any, *more: Any) -> Any:
        if clock is not None or threading.current_thread().name.startswith(OURS):
            return before(clock, instruments, *more)
        own = TestTrioClock()
        own.runner = before(own, [*instruments, own], *more)
        return own.runner

    _run.setup_runner = setup_runner  # type: ignore[assignment]
    try:
        yield
    finally:
        _run.setup_runner = before


class TestTrioClock(VirtualTrioClock):
    """The clock of one run, which may outlive a test. It is an instrument of that run too."""

    __test__ = False

    def __init__(self) -> None:
        self._reading = Reading()
        self._seat = None
        self._token = None
        self._due_ns = NEVER_NS
        self._name = "trio"
        self._running = contextlib.ExitStack()
        self._is_told = False
        self.runner: Any = None

    def start_clock(self) -> None:
        """The run begins; trio calls it."""
        self.sit()

    def current_time(self) -> float:
        """Seconds since it was made."""
        return self._reading.now_ns() / 1e9

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """How long trio may wait for something real."""
        wait_s = deadline - self.current_time()
        if self._reading.shared is None or wait_s <= 0:
            return max(0.0, wait_s)
        self._due_ns = self._reading.due_ns(due_ns_of(deadline))
        return ASLEEP_S

    @property
    def is_guest(self) -> bool:
        return bool(getattr(self.runner, "is_guest", False))

    def before_run(self) -> None:
        """The thread that runs it waits where it does; that of a guest runs on."""
        self.sit()
        if self.is_guest:
            if hosts:
                hosts[-1].take(self)
        elif self._seat is not None:
            self._running.enter_context(here(self._seat))

    def after_run(self) -> None:
        """The run ended."""
        self._running.close()
        super().after_run()

    def sit(self) -> None:
        """Wait on the clock of the test that runs now."""
        if self._seat is not None and not self._reading.turn():
            return
        if self._seat is not None:
            self._seat.leave()
        self._reading.turn()
        shared = self._reading.shared
        self._seat = None if shared is None else shared.join(self._name, self._wake)

    def _wake(self) -> None:
        shared = self._reading.shared
        if shared is None or shared.stuck is None or self._is_told:
            super()._wake()
        elif self._token is not None:
            self._is_told = True
            with contextlib.suppress(RunFinishedError):
                self._token.run_sync_soon(self._tell, shared.stuck)

    def _tell(self, stuck: FozzyError) -> None:
        """Time stands still for good: the run's main task is told, once; what it undoes then waits in real time."""

        def raise_it() -> None:
            raise stuck

        for line in waiting((task.name, task.coro) for task in self.runner.tasks):
            stuck.add_note(line)
        if self.runner.main_task is not None:
            self.runner.main_task._attempt_abort(raise_it)

    @contextlib.contextmanager
    def waited(self) -> Iterator[None]:
        """Within this block this thread waits for the run, which is its guest."""
        self.sit()
        if self._seat is None:
            yield
            return
        with here(self._seat):
            yield


class Host:
    """A thread that has one run of trio as its guest, and waits for it now and then."""

    def __init__(self) -> None:
        self._clock: TestTrioClock | None = None
        self._waiting = contextlib.ExitStack()

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Within this block it does nothing else. The guest may come within it."""
        with contextlib.ExitStack() as self._waiting:
            hosts.append(self)
            self._waiting.callback(hosts.remove, self)
            if self._clock is not None:
                self._waiting.enter_context(self._clock.waited())
            yield

    def take(self, clock: TestTrioClock) -> None:
        """Its guest has come."""
        self._clock = clock
        self._waiting.enter_context(clock.waited())


hosts: list[Host] = []  # those that wait, the innermost last
