"""Cut stream: a stream ends after so many events."""

from __future__ import annotations

from fozzy.faults.http.decision import EndStream
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import CutStream


def act(fault: CutStream) -> Act:
    """The same every time."""
    end = EndStream(fault.after_events, fault.how)
    return lambda _dice, _facts: end
