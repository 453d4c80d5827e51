"""Which bytes of a stream a schedule strikes, as runs. The ordinal of a byte is one more than its offset.

Rule 1: nothing is asked byte by byte: bounds and patterns are computed, a rate is drawn for a block of offsets at once.
The value of an offset is the upper 53 bits of its 8 bytes, little endian, of the blake3 of "fozzy-wire-bytes-1", the
draw's base as 8 bytes little endian and the draw's name, as long as the block needs; its base is keyed by the block's number.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from blake3 import blake3

from fozzy.core.choice import CHANCE_BITS, first_hit
from fozzy.faults.keyed import base_from
from fozzy.faults.tcp.plan import Schedule

BLOCK_BYTES = 1024  # offsets that are drawn at once

Run = tuple[int, int]  # from this offset to before that one

_WORDS = struct.Struct(f"<{BLOCK_BYTES}Q")


class Runs:
    """The struck bytes of one stream of one connection. *Limits*: it remembers one block of draws."""

    def __init__(self, schedule: Schedule, begun: bytes, name: str) -> None:
        self._schedule = schedule
        self._begun = begun
        self._name = name
        self._block = (-1, ())  # type: tuple[int, tuple[int, ...]]
        self._patterned = [(at.start(), at.end()) for at in re.finditer("F+", schedule.pattern or "")]

    def among(self, start: int, end: int) -> Iterator[Run]:
        """The struck runs from one offset to before another, in order."""
        schedule = self._schedule
        low = max(start, schedule.after or 0)
        high = end if schedule.first is None else min(end, schedule.first)
        if low >= high:
            return
        runs: Iterator[Run] = iter([(low, high)])
        if schedule.pattern is not None:
            runs = within(self._patterned, low, high)
        if schedule.every is not None and schedule.every > 1:
            runs = every(schedule.every, runs)
        if schedule.rate is not None and schedule.rate < 1:
            runs = self._drawn(runs)
        yield from runs

    def _drawn(self, runs: Iterator[Run]) -> Iterator[Run]:
        for low, high in runs:
            for number in range(low // BLOCK_BYTES, (high - 1) // BLOCK_BYTES + 1):
                yield from ((hit, hit + 1) for hit in self._hits(number) if low <= hit < high)

    def _hits(self, number: int) -> tuple[int, ...]:
        """The offsets of a block that its rate strikes."""
        if self._block[0] != number:
            rate = self._schedule.rate
            assert rate is not None
            least = first_hit(rate) << (64 - CHANCE_BITS)
            first = number * BLOCK_BYTES
            self._block = (
                number, tuple([first + at for at, value in enumerate(self._values(number)) if value >= least])
            )  # fmt: skip
        return self._block[1]

    def _values(self, number: int) -> tuple[int, ...]:
        base = base_from(self._begun, number).to_bytes(8, "little")
        data = blake3(b"fozzy-wire-bytes-1" + base + self._name.encode()).digest(length=8 * BLOCK_BYTES)
        return _WORDS.unpack(data)


def within(runs: list[Run], low: int, high: int) -> Iterator[Run]:
    """The parts of runs that lie between two offsets."""
    for start, end in runs:
        if start >= high:
            return
        if end > low:
            yield max(start, low), min(end, high)


def every(step: int, runs: Iterator[Run]) -> Iterator[Run]:
    """Every so many bytes, of those in runs."""
    for low, high in runs:
        first = low + (-(low + 1)) % step
        yield from ((at, at + 1) for at in range(first, high, step))
