"""Tables that stay small: what was not used for long is forgotten.

A table has two halves. What is used moves into the young one; when that is full it becomes the old one, and the old one
is gone. So each use costs the same, and a key is remembered at least until half as many others as there is room came.
"""

from __future__ import annotations

from typing import Generic, TypeVar

KEYS_MAX = 65_536

K = TypeVar("K")
V = TypeVar("V")


class Table(Generic[K, V]):
    """Values by key. *Limits*: `keys_max` keys."""

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, keys_max: int = KEYS_MAX) -> None:
        self._half = max(1, keys_max // 2)
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def get(self, key: K) -> V | None:
        """The value of a key that is remembered."""
        value = self._young.get(key)
        return self._old.get(key) if value is None else value

    def put(self, key: K, value: V) -> None:
        """Remember a value."""
        young = self._young
        if key not in young and len(young) >= self._half:
            self._old, self._young = young, {}
            young = self._young
        young[key] = value


class Counts(Generic[K]):
    """How often each key came. *Limits*: `keys_max` keys; one that is forgotten begins at 1 again."""

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, keys_max: int = KEYS_MAX) -> None:
        self._half = max(1, keys_max // 2)
        self._young: dict[K, int] = {}
        self._old: dict[K, int] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def next(self, key: K) -> int:
        """Count a key: 1 the first time."""
        young = self._young
        count = young.get(key)
        if count is not None:
            young[key] = count = count + 1
            return count
        if len(young) >= self._half:
            self._old, self._young = young, {}
            young = self._young
        young[key] = count = self._old.get(key, 0) + 1
        return count
