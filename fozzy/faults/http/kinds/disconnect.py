"""Disconnect: the connection ends, before the answer, behind its head or within its body."""

from __future__ import annotations

from fozzy.core.duration import parse_ns
from fozzy.faults.http.decision import Close
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import Disconnect


def act(fault: Disconnect) -> Act:
    """Where a limit is given it is within the body, else before the answer unless said otherwise."""
    after_ns = None if fault.after_time is None else parse_ns(fault.after_time)
    limits = fault.after_bytes, fault.after_chunks, after_ns
    at = fault.at or ("before-response" if limits == (None, None, None) else "in-body")
    close = Close(fault.how, at, *limits)
    return lambda _dice, _facts: close
