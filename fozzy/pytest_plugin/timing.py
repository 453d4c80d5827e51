"""The time of one test: the shared clock and all that reads it, or real time. With it goes chance: jitter moves times too.

Rule 1: it begins before the test's own fixtures and ends after them, so what they make reads the same clock.
Rule 2: the thread of the test has a place on the clock; while a loop runs in it, the loop has it (`loops`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from fozzy import wall

if TYPE_CHECKING:
    from trio.abc import Clock

    from fozzy.chaos.clock.shared import SharedClock
    from fozzy.chaos.clock.threads import Threads
    from fozzy.errors import FozzyError

T = TypeVar("T")


class TestTime:
    """What `virtual_time` and `clock` are. *Closes*: `end` puts everything back."""

    __test__ = False

    def __init__(self, *, is_virtual: bool, seed: int = 0) -> None:
        self.is_virtual = is_virtual
        self._seed = seed
        self.shared: SharedClock | None = None
        self.threads: Threads | None = None
        self._undone = contextlib.ExitStack()
        self._elapsed_ns = wall.stopwatch()
        self._ended_ns: int | None = None

    def __repr__(self) -> str:
        return f"<{'virtual' if self.is_virtual else 'real'} time, {self.now:.3f} s>"

    def begin(self) -> None:
        """From here on code reads this clock."""
        if self.is_virtual:
            with contextlib.ExitStack() as undone:
                self._begin(undone)
                self._undone = undone.pop_all()
        self._elapsed_ns = wall.stopwatch()

    def end(self) -> None:
        """From here on time is real. Nothing where it has ended."""
        if self._ended_ns is None:
            self._ended_ns = self.now_ns
            self._undone.close()

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the test began."""
        if self._ended_ns is not None:
            return self._ended_ns
        return self._elapsed_ns() if self.shared is None else self.shared.now_ns()

    @property
    def now(self) -> float:
        """Seconds since the test began."""
        return self.now_ns / 1e9

    @property
    def stuck(self) -> FozzyError | None:
        """Why time stands still, where it does."""
        return None if self.shared is None else self.shared.stuck

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine comes to, on an asyncio loop of its own that waits on this clock: for sync tests."""
        import asyncio

        from fozzy.pytest_plugin.loops import new_loop

        with asyncio.Runner(loop_factory=None if self.shared is None else new_loop) as runner:
            return runner.run(work)

    def for_trio(self, name: str) -> Clock | None:
        """A clock for one trio loop; none where time is real."""
        if self.shared is None:
            return None
        from fozzy.chaos.clock.trio_clock import VirtualTrioClock

        return VirtualTrioClock(self.shared, name)

    def _begin(self, undone: contextlib.ExitStack) -> None:
        from fozzy.chaos.clock.patching import patched
        from fozzy.chaos.clock.shared import SharedClock
        from fozzy.chaos.clock.threads import Threads
        from fozzy.pytest_plugin.loops import looped

        self.shared = undone.enter_context(SharedClock())
        self.threads = Threads(self.shared)
        undone.callback(self.threads.close)
        undone.enter_context(patched(self.shared, self.threads, self._seed))
        undone.enter_context(looped(self))
        self.threads.begin("test")
        undone.callback(self.threads.end)
