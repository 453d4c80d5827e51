"""Latency: time passes before the world is asked."""

from __future__ import annotations

from fozzy.faults.actions import Action, Wait
from fozzy.faults.kinds.base import Dice, Kind


class Latency(Kind, frozen=True, kw_only=True, tag="latency"):
    """Waits before the world is asked: `delay_ns`, or a drawn time up to `delay_max_ns`."""

    delay_ns: int
    delay_max_ns: int | None = None

    def act(self, dice: Dice) -> Action:
        if self.delay_max_ns is None:
            return Wait(self.delay_ns)
        return Wait(self.delay_ns + dice("delay", self.delay_max_ns - self.delay_ns + 1))
