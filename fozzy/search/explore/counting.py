"""Counts how many different numbers there are, in memory that does not grow: exactly at first, then nearly.

HyperLogLog: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog: the analysis of a near-optimal cardinality estimation
algorithm", AofA 2007, with the estimator of Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
2017, which has no bias between small and large counts. The standard error is 0.8 % with 2^14 registers.

Rule 1: what is counted depends on the set of numbers alone, not on their order or on how they were merged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

REGISTER_BITS = 14
REGISTERS = 1 << REGISTER_BITS
RANKS_MAX = 64 - REGISTER_BITS + 1
EXACT_MAX = 1 << 14  # so many numbers are kept as they are
_REST_MASK = (1 << (64 - REGISTER_BITS)) - 1
_NUMBER_BYTES = 8


class DistinctCount:
    """How many different 64 bit numbers were added. The numbers must be well mixed, as digests are."""

    def __init__(self, data: bytes = b"") -> None:
        self._numbers: set[int] | None = None if len(data) % _NUMBER_BYTES == 1 else set()
        self._registers = bytearray(data[1:]) if self._numbers is None else bytearray()
        if self._numbers is not None:
            self.add_all(_split(data))

    @property
    def is_exact(self) -> bool:
        """Whether it is the true number."""
        return self._numbers is not None

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self._numbers) if self._numbers is not None else round(_estimate(self._registers))

    def add_all(self, numbers: Iterable[int]) -> None:
        """Count these too."""
        if self._numbers is None:
            self._register(numbers)
            return
        self._numbers.update(numbers)
        if len(self._numbers) > EXACT_MAX:
            self._blur()

    def merge(self, other: DistinctCount) -> None:
        """Count all that the other has counted."""
        if other._numbers is not None:
            self.add_all(other._numbers)
            return
        if self._numbers is not None:
            self._blur()
        self._registers = bytearray(map(max, self._registers, other._registers))

    def dump(self) -> bytes:
        """All it knows, for the constructor: the same bytes for the same numbers."""
        if self._numbers is None:
            return b"r" + bytes(self._registers)
        return b"".join(number.to_bytes(_NUMBER_BYTES, "little") for number in sorted(self._numbers))

    def _blur(self) -> None:
        numbers, self._numbers, self._registers = self._numbers or (), None, bytearray(REGISTERS)
        self._register(numbers)

    def _register(self, numbers: Iterable[int]) -> None:
        registers = self._registers
        for number in numbers:
            register = number >> (64 - REGISTER_BITS)
            rank = RANKS_MAX - (number & _REST_MASK).bit_length()
            if rank > registers[register]:
                registers[register] = rank


def _split(data: bytes) -> Iterable[int]:
    return (int.from_bytes(data[at : at + _NUMBER_BYTES], "little") for at in range(0, len(data), _NUMBER_BYTES))


def _estimate(registers: bytearray) -> float:
    """Ertl's improved raw estimator, algorithm 6 of the paper."""
    having = [0] * (RANKS_MAX + 1)
    for rank in registers:
        having[rank] += 1
    total = REGISTERS * _tau(1 - having[RANKS_MAX] / REGISTERS)
    for rank in range(RANKS_MAX - 1, 0, -1):
        total = 0.5 * (total + having[rank])
    total += REGISTERS * _sigma(having[0] / REGISTERS)
    return REGISTERS * REGISTERS / (2 * math.log(2) * total)


def _sigma(x: float) -> float:
    if x == 1.0:
        return math.inf
    y, total, before = 1.0, x, -1.0
    while total != before:
        x *= x
        before, total = total, total + x * y
        y += y
    return total


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, total, before = 1.0, 1 - x, -1.0
    while total != before:
        x = math.sqrt(x)
        y *= 0.5
        before, total = total, total - (1 - x) ** 2 * y
    return total / 3
