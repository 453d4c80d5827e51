"""Seeded: the source of a fresh run. Its generator is specified bit for bit in docs/reference/determinism.md.

A draw is a function of (seed, label, how many draws that label has had). The stream of a label starts at
key = first 8 bytes, little endian, of blake3("fozzy-draw-1" + seed as 8 bytes little endian + label in UTF-8);
its n-th word (n from 0) is SplitMix64's output function of key + (n + 1) * GOLDEN.
SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blake3 import blake3

from fozzy.core.choice import A

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 divided by the golden ratio, odd
RETRY = 0xD1B54A32D192ED03  # added per rejected word; odd, unrelated to GOLDEN
RETRIES_MAX = 64  # a word is rejected with probability below 2^-11, so 64 in a row never happens


def _digest64(tag: bytes, seed: int, text: str) -> int:
    return int.from_bytes(blake3(tag + seed.to_bytes(8, "little") + text.encode()).digest(length=8), "little")


def stream_key(seed: int, label: str) -> int:
    """Where the stream of `label` starts."""
    return _digest64(b"fozzy-draw-1", seed, label)


def member_seed(suite_seed: int, path: str) -> int:
    """The seed of a suite's member: 53 bits of (suite seed, path relative to the project, with `/`)."""
    return _digest64(b"fozzy-suite-1", suite_seed, path) >> 11


def mix(state: int) -> int:
    """SplitMix64's output function."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


def bounded(state: int, low: int, high: int) -> int:
    """A number from `low` to `high` without bias: words at or above the last whole multiple are rejected."""
    size = high - low + 1
    if not size & (size - 1):  # a power of two divides 2^64: no word is ever rejected
        return low + (mix(state) & (size - 1))
    limit = (1 << 64) - ((1 << 64) % size)
    for _ in range(RETRIES_MAX):
        word = mix(state)
        if word < limit:
            break
        state = (state + RETRY) & MASK
    return low + word % size


class Seeded:
    """Decides by a seed and lets the world answer for itself. Streams are derived when first used."""

    __slots__ = ("seed", "_states")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._states: dict[str, int] = {}

    def draw(self, label: str, low: int, high: int) -> int:
        """The next value of the stream of `label`."""
        state = self._states.get(label)
        if state is None:
            state = stream_key(self.seed, label)
        state = (state + GOLDEN) & MASK
        self._states[label] = state
        return bounded(state, low, high)

    def skip(self, label: str) -> None:
        """Pass over one value of `label`: it was decided elsewhere."""
        state = self._states.get(label)
        self._states[label] = ((stream_key(self.seed, label) if state is None else state) + GOLDEN) & MASK

    def ask(self, label: str, request: Any, live: Callable[[], tuple[A, int]], answer: type[A]) -> tuple[A, int]:
        """Let the world answer."""
        del label, request, answer
        return live()
