"""Corrupt event: the data of one event of a stream is damaged."""

from __future__ import annotations

from fozzy.faults.http.decision import SpoilEvent
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import CorruptEvent


def act(fault: CorruptEvent) -> Act:
    """The one that is named, or one that is drawn."""
    low, high = (1, fault.among) if fault.event is None else (fault.event, fault.event)
    return lambda dice, _: SpoilEvent(dice.among("corrupt_event.event", low, high), dice.base)
