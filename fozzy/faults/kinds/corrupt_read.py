"""Corrupt read: a bit is not what was written."""

from __future__ import annotations

from typing import ClassVar

from fozzy.faults.actions import Action, Change
from fozzy.faults.kinds.base import Dice, Kind


class CorruptRead(Kind, frozen=True, kw_only=True, tag="corrupt_read"):
    """Flips a drawn bit of what is read; what is on the disk stays."""

    ops: ClassVar[tuple[str, ...]] = ("read",)

    def act(self, dice: Dice) -> Action:
        return Change(lambda data: _flipped(data, dice))


def _flipped(data: bytes, dice: Dice) -> bytes:
    if not data:
        return data
    at = dice("bit", len(data) * 8)
    return data[: at // 8] + bytes([data[at // 8] ^ 1 << at % 8]) + data[at // 8 + 1 :]
