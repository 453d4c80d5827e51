"""ENOSPC: no space is left."""

from __future__ import annotations

from typing import ClassVar

from fozzy.faults.actions import Action, Refuse
from fozzy.faults.kinds.base import Dice, Kind


class Enospc(Kind, frozen=True, kw_only=True, tag="enospc"):
    """A write fails because no space is left; nothing is written."""

    ops: ClassVar[tuple[str, ...]] = ("write",)

    def act(self, dice: Dice) -> Action:
        del dice
        return Refuse("io", "No space left on device")
