"""Texts of a plan as numbers. The forms are checked where a plan is read; what is left to say is said in `check`."""

from __future__ import annotations

from fozzy.core.duration import UNITS_NS

BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def rate_of(text: str) -> tuple[int, int]:
    """How many, and the nanoseconds of the unit: `50/s` is (50, 10^9)."""
    count, _, unit = text.partition("/")
    return int(count), UNITS_NS[unit]


def bytes_per_s(text: str) -> int:
    """Bytes per second: `100KB/s` is 100,000."""
    number = text.removesuffix("/s")
    digits = number.rstrip("BKMG")
    return int(digits) * BYTES[number[len(digits) :]]


def seconds_up(duration_ns: int) -> int:
    """Whole seconds, rounded up, as `Retry-After` wants them."""
    return -(-duration_ns // 10**9)
