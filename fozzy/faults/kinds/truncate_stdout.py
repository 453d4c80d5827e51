"""Truncated output: a program says less than it did."""

from __future__ import annotations

from fozzy.faults.actions import Action, Change
from fozzy.faults.kinds.base import Dice, Kind, cut


class TruncateStdout(Kind, frozen=True, kw_only=True, tag="truncate_stdout"):
    """Runs the program and cuts what it printed, after `bytes` or a drawn number of them."""

    bytes: int | None = None

    def act(self, dice: Dice) -> Action:
        return Change(lambda true: true._replace(stdout=cut(true.stdout, self.bytes, dice)))
