"""What was decided, from a recording: a line for each request with all that a seed must bring about again.

Times, ordinals and clients are left out; lines are in the order of key and occurrence, so they do not tell who was first.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from blake3 import blake3

from fozzy.core.exchange import Exchange
from fozzy.trace.reader import open_trace


def exchanges_of(path: Path) -> list[Exchange]:
    """The exchanges of a sealed recording."""
    with open_trace(path) as trace:
        trace.check_seal()
        return [record for record in trace.records() if isinstance(record, Exchange)]


def decision_log(exchanges: Iterable[Exchange], *, outcomes: bool = True) -> bytes:
    """The lines; without `outcomes` what was decided alone, and not what came of it."""
    found = sorted((each.key, each.occurrence, _said(each, outcomes)) for each in exchanges)
    return b"".join(said + b"\n" for _, _, said in found)


def _said(each: Exchange, outcomes: bool) -> bytes:
    said = {
        "key": each.key,
        "occurrence": each.occurrence,
        "test": each.test,
        "method": each.request.method,
        "target": each.request.target,
        "digest": each.request.digest,
        "route": each.at,
        "slot": each.slot,
        "source": each.source,
        "rolls": each.rolls,
        "planned": each.planned,
        "delay_ns": each.delay_ns,
        "notes": each.notes,
    }
    if outcomes:
        said |= {"applied": each.applied, "reason": each.reason, "sent": each.sent, "true": _true(each)}
    return msgspec.json.encode(said)


def _true(each: Exchange) -> object:
    """The true answer without its times."""
    answer = each.answer
    if answer is None:
        return None
    return [answer.status, answer.headers, blake3(answer.body.data()).hexdigest(), answer.bytes, answer.ended]
