"""Words for what a verdict has: one line for a call, with its proxy, connection and times."""

from __future__ import annotations

from collections.abc import Iterable

from fozzy.insight.verdict.model import FATES, Call, Change

LINES_MAX = 20  # of calls in one message
SHOWN = {"half_open": "half-open"}


def seconds(duration_ns: int) -> str:
    """`1.500 s`; with more digits where a millisecond is too coarse."""
    digits = 3 if duration_ns % 10**6 == 0 else 6
    return f"{duration_ns / 1e9:.{digits}f} s"


def call_said(call: Call) -> str:
    """`redis connection 2 at 1.000 s: INCR orders, ended without a reply at 1.500 s (rst, redis/drop_reply)`."""
    what = FATES[call.fate] + (f" {call.said}" if call.said and call.fate == "error" else "")
    notes = [*([call.ended] if call.ended else []), *call.faults]
    told = f" ({', '.join(notes)})" if notes else ""
    return f"{where(call)}: {call.about or 'a request'}, {what} at {seconds(call.ended_ns)}{told}"


def where(call: Call) -> str:
    """Which connection, and when."""
    return f"{call.at} connection {call.connection} at {seconds(call.began_ns)}"


def change_said(change: Change) -> str:
    """`orders: closed -> open at 2.000 s, 5 failed (redis/reset_peer)`."""
    before, after = SHOWN.get(change.before, change.before), SHOWN.get(change.state, change.state)
    why = f", {change.why}" if change.why else ""
    causes = f" ({', '.join(change.causes)})" if change.causes else ""
    return f"{change.breaker}: {before} -> {after} at {seconds(change.t)}{why}{causes}"


def listed(lines: Iterable[str]) -> str:
    """Lines below a sentence."""
    every = list(lines)
    rest = len(every) - LINES_MAX
    shown = [*every[:LINES_MAX], *([f"and {rest} more"] if rest > 0 else [])]
    return "".join(f"\n  {line}" for line in shown)


def calls_listed(calls: Iterable[Call]) -> str:
    """Calls below a sentence."""
    return listed(call_said(call) for call in calls)
