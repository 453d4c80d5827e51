"""Drop: the request is answered with an error and the world is not asked."""

from __future__ import annotations

from fozzy.faults.actions import Action, Reply
from fozzy.faults.kinds.base import Dice, Kind, json_reply


class Drop(Kind, frozen=True, kw_only=True, tag="drop"):
    """Answers 500 with the error code `chaos_drop`; the world is not asked."""

    def act(self, dice: Dice) -> Action:
        del dice
        return Reply(json_reply(500, "chaos_drop", "a fault dropped the request"))
