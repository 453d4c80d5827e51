"""Durations as people write them: a whole number and a unit."""

from __future__ import annotations

import re
from functools import lru_cache

UNITS_NS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
PATTERN = r"[0-9]{1,15}(ns|us|ms|s|m|h)"  # fifteen digits of hours are more years than there will be

_DURATION = re.compile(r"([0-9]{1,15})(ns|us|ms|s|m|h)")


@lru_cache(maxsize=1024)
def parse_ns(text: str) -> int:
    """Nanoseconds of `250ms`. *Errors*: `ValueError` that says what a duration is. *Limits*: 1,024 texts are remembered."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f'must be a whole number and a unit such as "250ms" (ns us ms s m h), got "{text}"')
    return int(match[1]) * UNITS_NS[match[2]]


def parse_positive_ns(text: str) -> int:
    """As `parse_ns`, of a duration that is more than nothing. *Errors*: `ValueError`."""
    duration_ns = parse_ns(text)
    if duration_ns == 0:
        raise ValueError("must be more than nothing")
    return duration_ns


def show_ns(duration_ns: int) -> str:
    """A duration for people: `1.24s`, `812ms`, `3us`."""
    if duration_ns >= 60 * 10**9:
        minutes, rest = divmod(duration_ns // 10**9, 60)
        return f"{minutes}m{rest:02d}s"
    for unit in ("s", "ms", "us"):
        size = UNITS_NS[unit]
        if duration_ns >= size:
            whole = duration_ns / size
            return f"{whole:.2f}{unit}" if unit == "s" else f"{whole:.0f}{unit}"
    return f"{duration_ns}ns"
