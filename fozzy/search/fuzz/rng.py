"""The generator of a campaign: cheap, and for every execution its own, so that none depends on those before it.

SplitMix64 as in core/sources: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from fozzy.core.sources import GOLDEN, MASK, mix, stream_key

T = TypeVar("T")


class Rng:
    """A stream of numbers. Not for cryptography; a slight bias of `below` does not matter to a search."""

    __slots__ = ("_state",)

    def __init__(self, state: int) -> None:
        self._state = state

    def bits(self) -> int:
        """64 bits."""
        self._state = (self._state + GOLDEN) & MASK
        return mix(self._state)

    def below(self, count: int) -> int:
        """A number from 0 to count-1."""
        self._state = (self._state + GOLDEN) & MASK
        return mix(self._state) % count

    def one_in(self, count: int) -> bool:
        """True once in so many times."""
        return self.below(count) == 0

    def pick(self, items: Sequence[T]) -> T:
        """One of some items."""
        return items[self.below(len(items))]

    def small(self, limit: int) -> int:
        """A number from 1 to `limit`, small ones more often."""
        return 1 + self.below(1 + self.below(limit)) if limit > 1 else 1


def base_of(seed: int, portion: str) -> int:
    """Where the generators of a portion of a campaign start."""
    return stream_key(seed, f"fuzz.{portion}")


def rng_of(base: int, number: int) -> Rng:
    """The generator of one execution."""
    return Rng(mix((base + (number + 1) * GOLDEN) & MASK))
