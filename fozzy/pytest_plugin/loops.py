"""Loops on the clock of a test: asyncio's and trio's, whoever makes them.

Rule 1: a loop is on the clock while it runs. Between two runs of it the thread that runs it is what keeps the time.
Rule 2: a loop may outlive a test: it waits on the clock of the test that runs now, and in real time where none does. What
its own clock says goes on without a leap.
To add a runner: have it make its loops by `new_loop`, or let trio run with a `TestTrioClock`.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fozzy import wall
from fozzy.chaos.clock.asyncio_loop import VirtualLoop, Waiting
from fozzy.chaos.clock.shared import NEVER_NS

if TYPE_CHECKING:
    from fozzy.chaos.clock.shared import SharedClock
    from fozzy.pytest_plugin.timing import TestTime

SECOND_NS = 10**9
_current: list[TestTime] = []  # the test whose time it is; one process runs one test at a time
wall.in_forked(_current.clear)  # there nobody moves its clock


@contextlib.contextmanager
def looped(time: TestTime) -> Iterator[None]:
    """Within this block loops wait on the test's clock."""
    _current.append(time)
    try:
        with offered():
            yield
    finally:
        _current.remove(time)


@contextlib.contextmanager
def offered() -> Iterator[None]:
    """Within this block whoever makes a loop without saying which is given one that a test's clock can move."""
    before = asyncio.events.new_event_loop
    asyncio.events.new_event_loop = new_loop
    try:
        with _trio_offered():
            yield
    finally:
        asyncio.events.new_event_loop = before


def is_virtual() -> bool:
    """Whether a test runs whose time is virtual."""
    return _shared() is not None


def new_loop() -> TestLoop:
    """A loop that waits on the clock of whichever test runs."""
    return TestLoop()


class Reading:
    """A clock that goes on from test to test: `now_ns` never goes back."""

    def __init__(self) -> None:
        self.shared = _shared()
        self._base_ns = 0 if self.shared is not None else -wall.elapsed_ns()

    def now_ns(self) -> int:
        """Nanoseconds since it was made; the first test's own where it was made in one."""
        self.turn()
        return self._base_ns + _now_ns(self.shared)

    def due_ns(self, when_ns: int) -> int:
        """A time of it as the shared clock has it."""
        return when_ns if when_ns == NEVER_NS else when_ns - self._base_ns

    def turn(self) -> bool:
        """Go on with the clock of the test that runs now; says whether that is another one."""
        shared = _shared()
        if shared is self.shared:
            return False
        now_ns = self._base_ns + _now_ns(self.shared)
        if shared is not None:
            now_ns = -(-now_ns // SECOND_NS) * SECOND_NS  # what floats make of its times is then the same in every run
        self._base_ns = now_ns - _now_ns(shared)
        self.shared = shared
        return True


def _shared() -> SharedClock | None:
    return _current[-1].shared if _current else None


def _now_ns(shared: SharedClock | None) -> int:
    return wall.elapsed_ns() if shared is None else shared.now_ns()


class TestLoop(VirtualLoop):
    """A loop that has a seat only while it runs."""

    __test__ = False

    def __init__(self) -> None:
        self._reading = Reading()
        self.seat = None
        asyncio.SelectorEventLoop.__init__(self, Waiting(self, selectors.DefaultSelector()))
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Seconds since it was made."""
        return self._reading.now_ns() / 1e9

    def due_ns(self) -> int:
        """When its next timer is due, as the shared clock has it."""
        return self._reading.due_ns(super().due_ns())

    def run_forever(self) -> None:
        """Run until somebody stops it."""
        self._reading.turn()
        shared = self._reading.shared
        if shared is None:
            super().run_forever()
            return
        seat = self.seat = shared.join("asyncio", self._wake)
        try:
            with here(seat):
                super().run_forever()
        finally:
            self.seat = None
            seat.leave()


@contextlib.contextmanager
def here(seat: Any) -> Iterator[None]:
    """Within this block this thread waits on that seat."""
    threads = _current[-1].threads if _current else None
    with contextlib.nullcontext() if threads is None else threads.looping(seat):
        yield


@contextlib.contextmanager
def _trio_offered() -> Iterator[None]:
    """The same for trio, where anybody has imported it."""
    if "trio" not in sys.modules:
        yield
        return
    from fozzy.pytest_plugin.trio_loops import offered_runs

    with offered_runs():
        yield
