"""Timeout: held, then 504; or held until the client leaves."""

from __future__ import annotations

from fozzy.core.duration import parse_ns
from fozzy.faults.http.decision import Hold
from fozzy.faults.http.kinds.base import Act, gives
from fozzy.faults.http.plan import Timeout


def act(fault: Timeout) -> Act:
    """The same time every time."""
    message = f"a fault let this request time out after {fault.after}"
    hold = Hold(None, None) if fault.hang else Hold(parse_ns(fault.after), gives(504, "chaos_timeout", message))
    return lambda _dice, _facts: hold
