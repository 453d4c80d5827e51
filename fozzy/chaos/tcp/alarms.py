"""Things that are due at a time: one task sleeps until the first of them, however many there are.

Rule 1: an alarm has one time; to set it again forgets the time before.
Rule 2: it rings at its time, never before, with a time that is not before it, whatever a clock rounds.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Protocol

import trio

from fozzy.faults.tcp.message import NEVER_NS

STALE_MIN = 64  # entries that nobody waits for any more are thrown out from so many on


class Timed(Protocol):
    """Whose time it is: a session."""

    def now_ns(self) -> int:
        """Now."""

    def at_s(self, due_ns: int) -> float:
        """A time as trio's."""


class Alarm:
    """One. `due_ns` is when it rings next."""

    __slots__ = ("_alarms", "due_ns", "ring")

    def __init__(self, alarms: Alarms, ring: Callable[[int], None]) -> None:
        self._alarms = alarms
        self.ring = ring
        self.due_ns = NEVER_NS

    def set(self, due_ns: int) -> None:
        """Ring at this time, and no more at the one before; a huge number is never."""
        if due_ns == self.due_ns:
            return
        alarms = self._alarms
        alarms.pending += (due_ns < NEVER_NS) - (self.due_ns < NEVER_NS)
        self.due_ns = due_ns
        if due_ns < NEVER_NS:
            alarms.put(self)


class Alarms:
    """All of them."""

    def __init__(self, time: Timed) -> None:
        self.pending = 0  # alarms that are set
        self._time = time
        self._heap: list[tuple[int, int, Alarm]] = []
        self._count = 0
        self._sleep: trio.CancelScope | None = None

    def alarm(self, ring: Callable[[int], None]) -> Alarm:
        """A new one, that is not set."""
        return Alarm(self, ring)

    def put(self, alarm: Alarm) -> None:
        """It was set."""
        heap = self._heap
        if len(heap) > STALE_MIN + 2 * self.pending:
            heap = self._heap = [entry for entry in heap if entry[2].due_ns == entry[0] and entry[2] is not alarm]
            heapq.heapify(heap)
        self._count += 1
        heapq.heappush(heap, (alarm.due_ns, self._count, alarm))
        if self._sleep is not None and heap[0][2] is alarm:
            self._sleep.deadline = self._time.at_s(alarm.due_ns)

    def is_due_within(self, seconds: float) -> bool:
        """Whether one may ring so soon."""
        return bool(self._heap) and self._heap[0][0] <= self._time.now_ns() + int(seconds * 1e9)

    async def run(self) -> None:
        """Ring, until cancelled."""
        while True:
            slept_ns = await self._slept()
            self.ring_until(max(self._time.now_ns(), slept_ns))

    def ring_until(self, now_ns: int) -> None:
        """Ring what is due; what is set meanwhile too."""
        while self._heap and self._heap[0][0] <= now_ns:
            due_ns, _, alarm = heapq.heappop(self._heap)
            if alarm.due_ns == due_ns:
                alarm.due_ns = NEVER_NS
                self.pending -= 1
                alarm.ring(now_ns)

    async def _slept(self) -> int:
        """Sleep until the first; returns its time."""
        while self._heap and self._heap[0][2].due_ns != self._heap[0][0]:
            heapq.heappop(self._heap)
        due_s = self._time.at_s(self._heap[0][0]) if self._heap else math.inf
        with trio.CancelScope(deadline=due_s) as self._sleep:
            await trio.sleep_forever()
        self._sleep = None
        is_due = bool(self._heap) and trio.current_time() >= self._time.at_s(self._heap[0][0])
        return self._heap[0][0] if is_due else 0
