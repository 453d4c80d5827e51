"""Exit: a program ends with another code."""

from __future__ import annotations

from fozzy.faults.actions import Action, Change
from fozzy.faults.kinds.base import Dice, Kind


class Exit(Kind, frozen=True, kw_only=True, tag="exit"):
    """Runs the program and replaces its exit code."""

    code: int = 1

    def act(self, dice: Dice) -> Action:
        del dice
        return Change(lambda true: true._replace(exit_code=self.code, signal=None))
