"""Partial: a body that ends too early."""

from __future__ import annotations

from fozzy.faults.actions import Action, Change
from fozzy.faults.kinds.base import Dice, Kind, cut


class Partial(Kind, frozen=True, kw_only=True, tag="partial"):
    """Asks the world and cuts its body, after `bytes` or a drawn number of them; the connection then ends."""

    bytes: int | None = None

    def act(self, dice: Dice) -> Action:
        return Change(lambda true: true._replace(body=cut(true.body, self.bytes, dice), cut=True))
