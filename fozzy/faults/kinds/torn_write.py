"""Torn write: only the beginning reaches the disk."""

from __future__ import annotations

from typing import ClassVar

from fozzy.faults.actions import Action, Send
from fozzy.faults.kinds.base import Dice, Kind, cut


class TornWrite(Kind, frozen=True, kw_only=True, tag="torn_write"):
    """Only a drawn beginning of what is written reaches the disk, and the write says it went well."""

    ops: ClassVar[tuple[str, ...]] = ("write",)

    def act(self, dice: Dice) -> Action:
        return Send(lambda data: cut(data, None, dice))
