"""Dice: draws for one fault of one request, each of them recorded."""

from __future__ import annotations

from fozzy.core.choice import CHANCES
from fozzy.core.exchange import Roll
from fozzy.faults.keyed import draw_at, stream


class Dice:
    """The draws that decide what exactly a fault does. `nth` is how often the fault had its turn before."""

    __slots__ = ("base", "nth", "_origin", "_rolls")

    def __init__(self, base: int, origin: str, rolls: list[Roll], nth: int = 0) -> None:
        self.base = base
        self.nth = nth
        self._origin = origin
        self._rolls = rolls

    def draw(self, name: str) -> int:
        """A value in [0, 2^53) under a name."""
        value = draw_at(self.base, stream(name))
        self._rolls.append(Roll(name, 1.0, value, True, self._origin))
        return value

    def among(self, name: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`; where there is one alone, nothing is drawn."""
        return low if low == high else low + self.draw(name) * (high - low + 1) // CHANCES
