"""Malformed: a body that is not what it says."""

from __future__ import annotations

from typing import Literal

from fozzy.faults.actions import Action, Change
from fozzy.faults.kinds.base import Dice, HttpReply, Kind, cut, flipped


class Malformed(Kind, frozen=True, kw_only=True, tag="malformed"):
    """Asks the world and answers 200 with its content type and a broken body; where it breaks is drawn."""

    how: Literal["invalid-json", "truncate", "bit-flip", "random-bytes"] = "invalid-json"

    def act(self, dice: Dice) -> Action:
        return Change(lambda true: HttpReply(200, _fitting(true.headers), self._broken(true.body, dice)))

    def _broken(self, body: bytes, dice: Dice) -> bytes:
        if self.how == "invalid-json" or not body:
            return b'{"malformed": '
        if self.how == "truncate":
            return cut(body, None, dice)
        if self.how == "bit-flip":
            return flipped(body, dice)
        return bytes(dice("byte", 256) for _ in range(min(len(body), RANDOM_BYTES_MAX)))


RANDOM_BYTES_MAX = 256  # each byte is a draw


def _fitting(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [pair for pair in headers if pair[0].lower() != "content-length"]
