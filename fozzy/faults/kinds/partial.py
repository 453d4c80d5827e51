"""Partial: a body that ends too early."""

from __future__ import annotations

from fozzy.faults.actions import Action, Change
from fozzy.faults.kinds.base import Dice, HttpReply, Kind


class Partial(Kind, frozen=True, kw_only=True, tag="partial"):
    """Asks the world and cuts its body, after `bytes` or a drawn number of them; the connection then ends."""

    bytes: int | None = None

    def act(self, dice: Dice) -> Action:
        return Change(lambda true: self._cut(true, dice))

    def _cut(self, true: HttpReply, dice: Dice) -> HttpReply:
        if self.bytes is not None:
            return true._replace(body=true.body[: self.bytes], cut=True)
        size = dice("length", len(true.body)) if true.body else 0
        return true._replace(body=true.body[:size], cut=True)
