"""Keyed draws: each is a function of what is asked about, never of what was drawn before it.

A base is the first 8 bytes, little endian, of blake3("fozzy-wire-1" + seed as 8 bytes little endian + each part in UTF-8
behind its length as 4 bytes little endian + occurrence as 8 bytes little endian). The draw of a name is the upper 53 bits
of mix(base + mix(first 8 bytes, little endian, of blake3("fozzy-wire-draw-1" + name))), modulo 2^64; `mix` is
SplitMix64's output function (core/sources). So a fault more moves no other draw, and neither does concurrency.
docs/reference/determinism.md has it with worked values.
"""

from __future__ import annotations

from functools import lru_cache

from blake3 import blake3

from fozzy.core.choice import CHANCE_BITS, CHANCES
from fozzy.core.sources import MASK, mix

NAMES_MAX = 4096  # names of draws that are remembered; a plan has a few dozen

LENGTHS_MAX = 1024  # lengths below it are at hand as bytes
LENGTHS = tuple(length.to_bytes(4, "little") for length in range(LENGTHS_MAX))


def base_of(seed: int, parts: tuple[str, ...], occurrence: int) -> int:
    """Where the draws of one request start."""
    return base_from(beginning(seed, parts), occurrence)


def beginning(seed: int, parts: tuple[str, ...]) -> bytes:
    """What a base is made of, without the occurrence; further parts may be put behind it."""
    return b"fozzy-wire-1" + seed.to_bytes(8, "little") + encoded(parts)


def encoded(parts: tuple[str, ...]) -> bytes:
    """The parts as bytes, each behind its length."""
    pieces: list[bytes] = []
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        size = len(data)
        pieces += (LENGTHS[size] if size < LENGTHS_MAX else size.to_bytes(4, "little"), data)
    return b"".join(pieces)


def base_from(begun: bytes, occurrence: int) -> int:
    """Where the draws start, of what `beginning` gave."""
    return int.from_bytes(blake3(begun + occurrence.to_bytes(8, "little")).digest(length=8), "little")


@lru_cache(maxsize=NAMES_MAX)
def stream(name: str) -> int:
    """What a name adds to a base."""
    return mix(int.from_bytes(blake3(b"fozzy-wire-draw-1" + name.encode()).digest(length=8), "little"))


def draw(base: int, name: str) -> int:
    """A value in [0, 2^53)."""
    return draw_at(base, stream(name))


def draw_at(base: int, added: int) -> int:
    """A value in [0, 2^53) of what a name adds. It is `mix`, written out: half of what a decision costs is this."""
    word = (base + added) & MASK
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return (word ^ (word >> 31)) >> (64 - CHANCE_BITS)


def within(value: int, low: int, high: int) -> int:
    """A whole number from `low` to `high`, made of a draw; 0 is `low`. *Limits*: a range far below 2^53."""
    return low + value * (high - low + 1) // CHANCES
