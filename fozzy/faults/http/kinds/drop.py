"""Drop: 500 in upstream's place."""

from __future__ import annotations

from fozzy.faults.http.kinds.base import Act, gives
from fozzy.faults.http.plan import Drop


def act(_: Drop) -> Act:
    """The same answer every time."""
    answer = gives(500, "chaos_drop", "a fault dropped this request")
    return lambda _dice, _facts: answer
