"""Counts by key, bounded: of too many keys the one that came longest ago is forgotten, and begins at 1 again."""

from __future__ import annotations

from typing import Generic, TypeVar

KEYS_MAX = 65_536

K = TypeVar("K")


class Counted(Generic[K]):
    """How often each key came. *Limits*: `keys_max` keys."""

    __slots__ = ("_counts", "_keys_max")

    def __init__(self, keys_max: int = KEYS_MAX) -> None:
        self._keys_max = keys_max
        self._counts: dict[K, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def next(self, key: K) -> int:
        """Count a key: 1 the first time."""
        counts = self._counts
        count = counts.pop(key, 0) + 1
        if len(counts) >= self._keys_max:
            del counts[next(iter(counts))]
        counts[key] = count
        return count
