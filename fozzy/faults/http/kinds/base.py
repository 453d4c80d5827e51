"""What all kinds of faults share: an act makes the action of one strike, and answers of ours say who made them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fozzy.core.exchange import Headers
from fozzy.faults.http.decision import Action, Give
from fozzy.faults.http.dice import Dice
from fozzy.faults.http.match import Facts

Act = Callable[[Dice, Facts], Action]

JSON = ("content-type", "application/json")


def gives(status: int, code: str, message: str, headers: Headers | None = None) -> Give:
    """An error answer that says that a fault made it."""
    body = msgspec.json.encode({"error": {"code": code, "message": message, "type": "chaos"}})
    return Give(status, [JSON, *(headers or [])], body)
