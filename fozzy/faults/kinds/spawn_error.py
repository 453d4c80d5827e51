"""Spawn error: a program does not start."""

from __future__ import annotations

from typing import Literal

from fozzy.faults.actions import Action, Refuse
from fozzy.faults.kinds.base import Dice, Kind


class SpawnError(Kind, frozen=True, kw_only=True, tag="spawn_error"):
    """The program does not start: it is not there, or may not be run."""

    error: Literal["not_found", "denied"] = "not_found"

    def act(self, dice: Dice) -> Action:
        del dice
        return Refuse(self.error, "a fault kept the program from starting")
