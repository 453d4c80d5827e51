"""Loss: a request gets no answer, or 408."""

from __future__ import annotations

from fozzy.faults.http.decision import Action, Close, Hold
from fozzy.faults.http.kinds.base import Act, gives
from fozzy.faults.http.plan import Loss


def act(fault: Loss) -> Act:
    """As the plan says it."""
    ways: dict[str, Action] = {
        "408": gives(408, "chaos_loss", "a fault lost this request"),
        "reset": Close("rst", "before-response"),
        "hang": Hold(None, None),
    }
    way = ways[fault.as_]
    return lambda _dice, _facts: way
