"""Drop event: one event of a stream is left out."""

from __future__ import annotations

from fozzy.faults.http.decision import LoseEvent
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import DropEvent


def act(fault: DropEvent) -> Act:
    """The one that is named, or one that is drawn."""
    if fault.event is not None:
        lose = LoseEvent(fault.event)
        return lambda _dice, _facts: lose
    return lambda dice, _: LoseEvent(dice.among("drop_event.event", 1, fault.among))
