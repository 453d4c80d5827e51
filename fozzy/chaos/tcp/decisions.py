"""The decision log of TCP: what was decided for each connection and message, in an order that is the same each time.

Rule 1: a line is canonical JSON (members sorted, no spaces) of what a seed and the messages decide. Times, numbers, sizes,
digests and clients are not in it, nor what became of a toxic: those are the network's and the server's.
Rule 2: lines are sorted by proxy, connection, stream and message. Where TCP cut a stream into reads never shows. Ordinals
over a proxy follow the order of arrival; counted `per = "connection"` they do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from fozzy.core.events import Record
from fozzy.core.exchange import Roll
from fozzy.core.wires import Connected, Spoken

_encode = msgspec.json.Encoder(order="sorted").encode


def decision_lines(records: Iterable[Record]) -> Iterator[bytes]:
    """The log of what was decided, each line with its end. *Limits*: all lines are in memory while they are sorted."""
    decided = (record for record in records if isinstance(record, Connected | Spoken))
    for _, line in sorted((_order(record), decision_line(record)) for record in decided):
        yield line


def decision_line(record: Connected | Spoken) -> bytes:
    """One line."""
    said: dict[str, Any] = {
        "at": record.at,
        "connection": record.connection,
        "rolls": [_roll(roll) for roll in record.rolls],
        "struck": [[each.toxic, each.type] for each in record.struck],
    }
    if isinstance(record, Spoken):
        said |= {
            "about": record.about,
            "answers": record.answers,
            "message": record.message,
            "of": record.of,
            "spared": record.spared,
            "stream": record.stream,
        }
    return _encode(said) + b"\n"


def _roll(roll: Roll) -> list[Any]:
    return [roll.draw, roll.probability, roll.value, roll.hit, roll.origin]


def _order(record: Connected | Spoken) -> tuple[str, int, str, int]:
    if isinstance(record, Spoken):
        return record.at, record.connection, record.stream, record.message
    return record.at, record.connection, "", 0
