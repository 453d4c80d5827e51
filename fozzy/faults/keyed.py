"""Keyed draws: each is a function of what is asked about, never of what was drawn before it.

A base is the first 8 bytes, little endian, of blake3("fozzy-wire-1" + seed as 8 bytes little endian + each part in UTF-8
behind its length as 4 bytes little endian + occurrence as 8 bytes little endian). The draw of a name is the upper 53 bits
of mix(base + mix(first 8 bytes, little endian, of blake3("fozzy-wire-draw-1" + name))), modulo 2^64; `mix` is
SplitMix64's output function (core/sources). So a fault more moves no other draw, and neither does concurrency.
"""

from __future__ import annotations

from functools import lru_cache

from blake3 import blake3

from fozzy.core.choice import CHANCE_BITS, CHANCES
from fozzy.core.sources import MASK, mix

NAMES_MAX = 4096  # names of draws that are remembered; a plan has a few dozen


def base_of(seed: int, parts: tuple[str, ...], occurrence: int) -> int:
    """Where the draws of one request start."""
    pieces = [b"fozzy-wire-1", seed.to_bytes(8, "little")]
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        pieces += (len(data).to_bytes(4, "little"), data)
    pieces.append(occurrence.to_bytes(8, "little"))
    return int.from_bytes(blake3(b"".join(pieces)).digest(length=8), "little")


@lru_cache(maxsize=NAMES_MAX)
def _stream(name: str) -> int:
    return mix(int.from_bytes(blake3(b"fozzy-wire-draw-1" + name.encode()).digest(length=8), "little"))


def draw(base: int, name: str) -> int:
    """A value in [0, 2^53)."""
    return mix((base + _stream(name)) & MASK) >> (64 - CHANCE_BITS)


def within(value: int, low: int, high: int) -> int:
    """A whole number from `low` to `high`, made of a draw; 0 is `low`. *Limits*: a range far below 2^53."""
    return low + value * (high - low + 1) // CHANCES
