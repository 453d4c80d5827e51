"""Stall: a stream pauses after so many events."""

from __future__ import annotations

from fozzy.core.duration import parse_ns
from fozzy.faults.http.decision import Pause
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import Stall


def act(fault: Stall) -> Act:
    """The same every time."""
    pause = Pause(fault.after_events, None if fault.for_ is None else parse_ns(fault.for_))
    return lambda _dice, _facts: pause
