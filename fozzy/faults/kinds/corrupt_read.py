"""Corrupt read: a bit is not what was written."""

from __future__ import annotations

from typing import ClassVar

from fozzy.faults.actions import Action, Change
from fozzy.faults.kinds.base import Dice, Kind, flipped


class CorruptRead(Kind, frozen=True, kw_only=True, tag="corrupt_read"):
    """Flips a drawn bit of what is read; what is on the disk stays."""

    ops: ClassVar[tuple[str, ...]] = ("read",)

    def act(self, dice: Dice) -> Action:
        return Change(lambda data: flipped(data, dice))
