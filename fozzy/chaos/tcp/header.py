"""The header of a TCP proxy's trace: what its decisions depend on besides what comes over the connections.

As with HTTP the place of the scenario holds a JSON document; `wire` tells the two apart. To change the rules so that the
same messages get other decisions, raise `DECISIONS`: older traces are then refused by whoever decides again.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from fozzy.chaos.cassette.header import decided_by, wire_of
from fozzy.errors import UsageError, Where
from fozzy.faults.tcp.plan import TcpPlan
from fozzy.trace.format import Header

DECISIONS = 1
WIRE: Literal["tcp"] = "tcp"


class TcpBegun(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine starts with."""

    wire: Literal["tcp"] = WIRE
    decisions: int = DECISIONS
    seed: int
    strict: bool = True
    plan: TcpPlan


def tcp_begun_of(header: Header, shown: str) -> TcpBegun:
    """What the engine of a trace started with. *Errors*: `UsageError` for a trace of another sort, `EvidenceError`."""
    if wire_of(header) != WIRE:
        message = f"{shown} was not recorded by fozzy proxy tcp: it holds no connections"
        raise UsageError("chaos.not_a_cassette", message, hint=f"fozzy replay {shown}", where=Where(shown))
    hint = f"record it again; fozzy trace show {shown} tells what was decided then"
    return decided_by(DECISIONS, header.scenario.text, TcpBegun, shown, hint)
