"""Timeout: no answer comes in time."""

from __future__ import annotations

from fozzy.faults.actions import Action, Refuse
from fozzy.faults.kinds.base import Dice, Kind


class Timeout(Kind, frozen=True, kw_only=True, tag="timeout"):
    """Gives no answer: fails as a timeout after `hold_ns`; the world is not asked."""

    hold_ns: int

    def act(self, dice: Dice) -> Action:
        del dice
        return Refuse("timeout", "a fault gave no answer", self.hold_ns)
