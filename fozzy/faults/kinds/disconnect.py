"""Disconnect: the connection ends without a byte."""

from __future__ import annotations

from fozzy.faults.actions import Action, Refuse
from fozzy.faults.kinds.base import Dice, Kind


class Disconnect(Kind, frozen=True, kw_only=True, tag="disconnect"):
    """Ends the connection before a byte of the answer; the world is not asked."""

    def act(self, dice: Dice) -> Action:
        del dice
        return Refuse("reset", "a fault ended the connection")
