"""Whether a proxy listens: what its toxics of the listener (`down`, `refuse`) say of it, and when to ask again.

Rule 1: a port can be closed for all or for nobody. Where a schedule picks single connections (`first`, `every`, `pattern`,
`rate`, `times`) the port stays open, and who is struck is reset right after it was accepted.
"""

from __future__ import annotations

from typing import NamedTuple

from fozzy.faults.tcp.armed import Armed
from fozzy.faults.tcp.kinds.refuse import Refuse
from fozzy.faults.tcp.message import NEVER_NS
from fozzy.faults.tcp.plan import Toxic, Unit

PICKING = ("first", "every", "pattern", "rate", "times")

_WORSE = ("open", "closed", "silent", "down")


class Gate(NamedTuple):
    """How a proxy listens now, and when to ask again. `silent`: who connects hears nothing at all."""

    mode: str  # `open`, `closed`, `down` (closed, and what is open is cut) or `silent`
    due_ns: int


def gate_of(armed: list[Armed], now_ns: int) -> Gate:
    """What all of them say together: the worst."""
    said = [_said(each, now_ns) for each in armed if each.kind.is_of_listener]
    mode = max((gate.mode for gate in said), key=_WORSE.index, default="open")
    return Gate(mode, min((gate.due_ns for gate in said), default=NEVER_NS))


def picks(toxic: Toxic, unit: Unit) -> bool:
    """Whether single connections are struck."""
    return unit == "connection" and any(getattr(toxic, name) is not None for name in PICKING)


def _said(armed: Armed, now_ns: int) -> Gate:
    if picks(armed.toxic, armed.unit) or now_ns >= armed.to_ns:
        return Gate("open", NEVER_NS)
    if now_ns < armed.from_ns:
        return Gate("open", armed.from_ns)
    after = armed.toxic.after
    if not (armed.is_begun if armed.unit == "message" else after is None or armed.matched >= after):
        return Gate("open", NEVER_NS)
    armed.shut()
    return Gate(_mode(armed), armed.to_ns)


def _mode(armed: Armed) -> str:
    if isinstance(armed.kind, Refuse):
        return "closed" if armed.kind.how == "rst" else "silent"
    return "closed" if armed.unit == "connection" and armed.toxic.after is not None else "down"
