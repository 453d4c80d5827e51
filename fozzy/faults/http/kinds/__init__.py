"""Kinds of HTTP faults, one file each. `ACTS` is their order too: who comes first strikes first.

To add one: its struct and field in `plan`, a file here with `act`, a line below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fozzy.faults.http.kinds import (
    connection_error,
    corrupt_event,
    cut_stream,
    disconnect,
    drop,
    drop_event,
    loss,
    malformed,
    partial,
    rate_limit,
    stall,
    status,
    status_override,
    timeout,
)
from fozzy.faults.http.kinds.base import Act
from fozzy.faults.http.plan import (
    ConnectionError,
    CorruptEvent,
    CutStream,
    Disconnect,
    Drop,
    DropEvent,
    Fault,
    Loss,
    Malformed,
    Partial,
    RateLimited,
    Stall,
    Status,
    StatusOverride,
    Timeout,
    When,
)

ACTS: dict[str, tuple[type[When], Callable[[Any], Act]]] = {
    "drop": (Drop, drop.act),
    "malformed": (Malformed, malformed.act),
    "rate_limit": (RateLimited, rate_limit.act),
    "disconnect": (Disconnect, disconnect.act),
    "status": (Status, status.act),
    "timeout": (Timeout, timeout.act),
    "connection_error": (ConnectionError, connection_error.act),
    "loss": (Loss, loss.act),
    "partial": (Partial, partial.act),
    "status_override": (StatusOverride, status_override.act),
    "drop_event": (DropEvent, drop_event.act),
    "corrupt_event": (CorruptEvent, corrupt_event.act),
    "cut_stream": (CutStream, cut_stream.act),
    "stall": (Stall, stall.act),
}


def whole(name: str, said: float | When) -> When:
    """A fault in full: a number is its probability."""
    return said if isinstance(said, When) else ACTS[name][0](probability=float(said))


__all__ = ["ACTS", "Act", "Fault", "whole"]
