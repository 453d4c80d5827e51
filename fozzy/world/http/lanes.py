"""When concurrent requests are answered, in the model: so many at a time, the next begins when one is done."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapreplace
from typing import NamedTuple


class Stay(NamedTuple):
    """From when to when a request is on its way, in nanoseconds since the first was sent."""

    began_ns: int
    ended_ns: int


def stays(durations_ns: Sequence[int], concurrency: int) -> list[Stay]:
    """When each request is on its way, `concurrency` at a time, begun in order."""
    free = [0] * max(1, min(concurrency, len(durations_ns)))
    found = []
    for duration_ns in durations_ns:
        stay = Stay(free[0], free[0] + duration_ns)
        heapreplace(free, stay.ended_ns)
        found.append(stay)
    return found
