"""Status: the world is asked, its answer gets another status."""

from __future__ import annotations

from fozzy.faults.actions import Action, Change
from fozzy.faults.kinds.base import Dice, HttpReply, Kind, json_reply


class Status(Kind, frozen=True, kw_only=True, tag="status"):
    """Asks the world and replaces its answer by one with a status, drawn when there are several `codes`."""

    codes: list[int]
    body: str | None = None

    def act(self, dice: Dice) -> Action:
        code = self.codes[dice("code", len(self.codes)) if len(self.codes) > 1 else 0]
        reply = json_reply(code, "chaos_status", f"a fault answers {code}")
        if self.body is not None:
            reply = HttpReply(code, [], self.body.encode())
        return Change(lambda _true: reply)
