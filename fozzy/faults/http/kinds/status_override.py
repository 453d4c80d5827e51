"""Status override: upstream is asked and its answer recorded, and the client gets another status."""

from __future__ import annotations

from fozzy.faults.http.decision import Override
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import StatusOverride


def act(fault: StatusOverride) -> Act:
    """The same every time."""
    override = Override(fault.status, None if fault.body is None else fault.body.encode("utf-8", "surrogateescape"))
    return lambda _dice, _facts: override
