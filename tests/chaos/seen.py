"""What the wire saw, read from the records of a test: requests, replies, connections, and when."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import fozzy.chaos
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.core.events import Event, Record
from fozzy.core.wires import Connected, Spoken
from fozzy.pytest_plugin.timing import TestTime


def requests(records: Iterable[Record]) -> list[Spoken]:
    """What clients asked, in order."""
    return _ordered(record for record in records if isinstance(record, Spoken) and record.of == "request")


def replies(records: Iterable[Record]) -> list[Spoken]:
    """What servers answered, in order; answers made by toxics too."""
    return _ordered(record for record in records if isinstance(record, Spoken) and record.of == "reply")


def connections(records: Iterable[Record]) -> list[Connected]:
    """Connections that are over, in the order in which they came."""
    return _ordered(record for record in records if isinstance(record, Connected))


def times_s(records: Iterable[Spoken | Connected]) -> list[float]:
    """When they came, in seconds of the test, to the microsecond: a loop's timer may be due a nanosecond late."""
    return [round(record.arrived / 1e9, 6) for record in records]


def phases(records: Iterable[Record]) -> list[tuple[str, str]]:
    """The toxics that were put in force, each with the phase of a connection in which clients meet it, where it has one."""
    changes = [each.fields for each in records if isinstance(each, Event) and each.fields.get("what") == "toxic added"]
    return [(each["toxic"], each.get("phase", "")) for each in changes]


def struck(record: Spoken | Connected, toxic: str) -> bool:
    """Whether a toxic, by its type or its name, was carried out on it."""
    return any(each.applied and toxic in (each.toxic, each.type) for each in record.struck)


@contextlib.contextmanager
def proxied(time: TestTime, upstream: Any, seed: int, protocol: Any = "http") -> Iterator[TcpProxy]:
    """A proxy with a seed of its own on a test's clock: for what is compared between runs within one test."""
    with fozzy.chaos.tcp(upstream.url, protocol=protocol, seed=seed, clock=time.for_trio("again")) as proxy:
        gate = proxy._hosted.in_flight
        gates = [] if time.shared is None else time.shared.gates
        gates.append(gate)
        try:
            yield proxy
        finally:
            gates.remove(gate)


def _ordered(found: Iterable[Any]) -> list[Any]:
    return sorted(found, key=lambda record: record.number)
