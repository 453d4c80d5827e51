"""Signal: a program is ended by a signal."""

from __future__ import annotations

from fozzy.faults.actions import Action, Change
from fozzy.faults.kinds.base import Dice, Kind


class Signal(Kind, frozen=True, kw_only=True, tag="signal"):
    """Runs the program and reports that a signal ended it."""

    signal: int = 9

    def act(self, dice: Dice) -> Action:
        del dice
        return Change(lambda true: true._replace(exit_code=None, signal=self.signal))
