"""EIO: the device fails."""

from __future__ import annotations

from fozzy.faults.actions import Action, Refuse
from fozzy.faults.kinds.base import Dice, Kind


class Eio(Kind, frozen=True, kw_only=True, tag="eio"):
    """A read or a write fails because the device does."""

    def act(self, dice: Dice) -> Action:
        del dice
        return Refuse("io", "Input/output error")
