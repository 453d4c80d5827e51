"""Connection error: a reset before a byte of an answer."""

from __future__ import annotations

from fozzy.faults.http.decision import Close
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import ConnectionError


def act(_: ConnectionError) -> Act:
    """The same every time."""
    close = Close("rst", "before-response")
    return lambda _dice, _facts: close
