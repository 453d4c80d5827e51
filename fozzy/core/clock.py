"""The scenario's clock: a whole number of nanoseconds that only moves when something moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class TimeUp(Exception):
    """The run's timeout was reached; not a failed step, so no block may swallow it."""


def _no_wait(_duration_ns: int) -> None:
    """Virtual time costs nothing."""


class Clock:
    """Nanoseconds since the run began. `wait` is how a sleep is spent: not at all under `--det`, really otherwise.

    *Limits*: at `deadline_ns` (none by default) moving the clock raises `TimeUp`. Host time measured while the
    clock is frozen is kept in `aside_ns`; it counts towards the deadline but does not move the clock.
    """

    __slots__ = ("now", "aside_ns", "deadline_ns", "frozen", "wait")

    def __init__(self, wait: Callable[[int], None] = _no_wait) -> None:
        self.now = 0
        self.aside_ns = 0
        self.deadline_ns: int | None = None
        self.frozen = False
        self.wait = wait

    def advance(self, duration_ns: int) -> None:
        """Move the clock without waiting. *Errors*: `TimeUp` when the deadline lies before the end."""
        granted = self._granted(duration_ns)
        self.now += granted
        if granted < duration_ns:
            raise TimeUp

    def sleep(self, duration_ns: int) -> None:
        """Move the clock and wait as long. *Errors*: as `advance`."""
        self.wait(self._granted(duration_ns))
        self.advance(duration_ns)

    def delay(self, duration_ns: int) -> None:
        """Wait for a scripted answer; like host time it does not move a frozen clock. *Errors*: as `advance`."""
        self.wait(self._granted(duration_ns))
        self.spend(duration_ns)

    def spend(self, duration_ns: int) -> None:
        """Account for measured host time. *Errors*: as `advance`."""
        if not self.frozen:
            self.advance(duration_ns)
            return
        granted = self._granted(duration_ns)
        self.aside_ns += granted
        if granted < duration_ns:
            raise TimeUp

    @contextmanager
    def bounded(self, end_ns: int) -> Iterator[None]:
        """Inside, the deadline is no later than `end_ns`, in the terms of `spent_ns`."""
        outer = self.deadline_ns
        self.deadline_ns = end_ns if outer is None else min(outer, end_ns)
        try:
            yield
        finally:
            self.deadline_ns = outer

    def spent_ns(self) -> int:
        """All time that counts towards a deadline."""
        return self.now + self.aside_ns

    def left_ns(self) -> int | None:
        """What remains until the deadline, none when there is none."""
        return None if self.deadline_ns is None else max(0, self.deadline_ns - self.now - self.aside_ns)

    def _granted(self, duration_ns: int) -> int:
        left = self.left_ns()
        return duration_ns if left is None else min(left, duration_ns)
