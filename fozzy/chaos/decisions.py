"""The decision log: what was decided for each request, in an order that does not depend on when they came.

Rule 1: a line is canonical JSON (members sorted, no spaces) of what a seed and a request alone decide. Times, numbers,
clients and loads are not in it, nor which answer of a route it was: those follow the order of arrival.
Rule 2: lines are sorted by key and occurrence. The same requests under the same seed make the same bytes, one after the
other or many at once. What counts requests (ordinals, rates, limits) follows the order of arrival, and is not held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from fozzy.core.events import Record
from fozzy.core.exchange import Exchange

_encode = msgspec.json.Encoder(order="sorted").encode


def decision_lines(records: Iterable[Record]) -> Iterator[bytes]:
    """The log of what was decided, each line with its end. What was never decided is left out.

    *Limits*: all lines are in memory while they are sorted, a few hundred bytes each.
    """
    decided = (record for record in records if isinstance(record, Exchange) and record.number)
    for _, line in sorted((_order(exchange), decision_line(exchange)) for exchange in decided):
        yield line


def decision_line(exchange: Exchange) -> bytes:
    """One line."""
    request = exchange.request
    said = {
        "at": exchange.at,
        "delay_ns": exchange.delay_ns,
        "digest": request.digest,
        "key": exchange.key,
        "method": request.method,
        "occurrence": exchange.occurrence,
        "planned": exchange.planned,
        "rolls": [[roll.draw, roll.probability, roll.value, roll.hit, roll.origin] for roll in exchange.rolls],
        "source": exchange.source,
        "target": request.target,
        "test": exchange.test,
    }
    return _encode(said) + b"\n"


def _order(exchange: Exchange) -> tuple[str, int]:
    return exchange.key, exchange.occurrence
