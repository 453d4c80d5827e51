"""Malformed: upstream is asked, and the body of its answer damaged."""

from __future__ import annotations

from fozzy.faults.http.decision import Damage
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import DropEvent, Malformed

AMONG: int = DropEvent().among  # of a stream, one of the first so many events


def act(fault: Malformed) -> Act:
    """The place is drawn when there is a body; the event of a stream now."""
    how, streams = fault.how, fault.streams
    if streams == "bypass":
        return lambda dice, _: Damage(how, dice.base, 1, streams)
    return lambda dice, _: Damage(how, dice.base, dice.among("malformed.event", 1, AMONG), streams)
