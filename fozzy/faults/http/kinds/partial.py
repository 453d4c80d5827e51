"""Partial: the body is cut at a drawn place, and the connection ends there."""

from __future__ import annotations

from fozzy.faults.http.decision import Cut
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import Partial


def act(fault: Partial) -> Act:
    """The place is a draw; what it means is known with the body's length (`bodies.cut_at`)."""
    return lambda dice, _: Cut(fault.how, dice.draw("partial.place"))
