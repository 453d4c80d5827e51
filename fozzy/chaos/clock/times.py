"""What clocks of loops share: seconds and nanoseconds, and whether something waits for a loop."""

from __future__ import annotations

import math
import select
from collections.abc import Callable
from typing import Any

from fozzy.chaos.clock.shared import NEVER_NS

LISTEN_S = 0.2  # of real time: a signal that comes just before a thread waits in C is heard when it looks up


def due_ns_of(when_s: float) -> int:
    """The first nanosecond that is not before a loop's time, as the loop will see it; never for what never comes."""
    if when_s == math.inf or when_s * 1e9 >= NEVER_NS:
        return NEVER_NS
    due_ns = math.ceil(when_s * 1e9)
    while due_ns / 1e9 < when_s:
        due_ns += 1
    return due_ns


def readable(polled: Any, wanted: int | None = None) -> Callable[[], bool] | None:
    """Whether a descriptor is ready, as an epoll is that has an event; none for what has none."""
    poll = _poll(polled, select.POLLIN if wanted is None else wanted)
    return None if poll is None else lambda: bool(poll.poll(0))


def until_readable(polled: Any) -> Callable[[], Any] | None:
    """Waits until it is, and takes nothing away; none for what has no descriptor."""
    poll = _poll(polled, select.POLLIN)
    return None if poll is None else lambda: poll.poll(None)


def _poll(polled: Any, wanted: int) -> Any:
    number = polled if isinstance(polled, int) else getattr(polled, "fileno", lambda: -1)()
    if number < 0:
        return None
    poll = select.poll()
    poll.register(number, wanted)
    return poll
