"""An asyncio loop on a shared clock: its timers are virtual, its sockets are real.

The selector is where a loop waits. This one waits for something real, or until the shared clock has come to the loop's
next timer. Work that goes on in a thread of the executor holds the clock.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any

from fozzy.chaos.clock.chance import apart, carried
from fozzy.chaos.clock.shared import NEVER_NS, Seat, SharedClock
from fozzy.chaos.clock.tasks import waiting
from fozzy.chaos.clock.times import LISTEN_S, due_ns_of, readable

PRESENTS_MAX = 1000  # timers for the same present in a row; code that means it takes a few
NEXT_S = 2e-9  # the least that the loop tells from now


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose `time` is the shared clock's. *Closes*: `close` gives its seat back."""

    _presents = 0  # timers for the present in a row
    _present_s = -1.0  # when that was

    def __init__(self, shared: SharedClock, name: str = "asyncio") -> None:
        self._shared = shared
        self._waiting = Waiting(self, selectors.DefaultSelector())
        super().__init__(self._waiting)
        self._clock_resolution = 1e-9
        self.seat: Seat | None = shared.join(name, self._wake)

    def time(self) -> float:
        """Seconds since the shared clock began."""
        return self._shared.now_ns() / 1e9

    def due_ns(self) -> int:
        """When its next timer is due."""
        scheduled = self._scheduled  # type: ignore[attr-defined]
        return due_ns_of(scheduled[0].when()) if scheduled else NEVER_NS

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As the loop's. Who asks for the present again and again, since a remainder of time is too small to be added to
        it, gets what comes next: real time would have passed."""
        now_s = self.time()
        if when > now_s:
            return super().call_at(when, callback, *args, context=context)
        self._presents = self._presents + 1 if now_s == self._present_s else 1
        self._present_s = now_s
        late = now_s + NEXT_S if self._presents > PRESENTS_MAX else when
        return super().call_at(late, callback, *args, context=context)

    def create_task(self, coro: Any, *, context: Context | None = None, **more: Any) -> asyncio.Task[Any]:
        """As the loop's; each task draws for itself, unless somebody else makes them."""
        return super().create_task(coro, context=context if self.get_task_factory() else apart(context), **more)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """As the loop's; time stands until it is done."""
        future = super().run_in_executor(executor, carried(func), *args)
        seat = self.seat
        if seat is not None and not future.done():
            seat.hold()
            future.add_done_callback(lambda _: seat.release())
        return future

    def close(self) -> None:
        """It waits no more."""
        seat, self.seat = self.seat, None
        if seat is not None:
            seat.leave()
        super().close()

    def _wake(self) -> None:
        if not self.is_closed():
            self.call_soon_threadsafe(_nothing)


class Waiting(selectors.BaseSelector):
    """A selector that says when it waits."""

    _is_told = False

    def __init__(self, loop: VirtualLoop, inner: selectors.BaseSelector) -> None:
        self._loop = loop
        self._inner = inner

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        seat = self._loop.seat
        if seat is None or self._is_told or (timeout is not None and timeout <= 0):
            return self._inner.select(timeout)
        found = self._inner.select(0)
        if found:
            return found
        seat.idle(self._loop.due_ns(), readable(self._inner))
        try:
            while not (found := self._inner.select(LISTEN_S)):
                pass
            return found
        finally:
            seat.busy()
            self._tell(seat)

    def _tell(self, seat: Seat) -> None:
        """Time stands still for good: whoever runs the loop is told, once; what it undoes then waits in real time."""
        if seat.stuck is not None:
            self._is_told = True
            tasks = asyncio.all_tasks(self._loop)
            for line in waiting((task.get_name(), task.get_coro()) for task in tasks):
                seat.stuck.add_note(line)
            raise seat.stuck


def _nothing() -> None:
    """Being called is all."""
