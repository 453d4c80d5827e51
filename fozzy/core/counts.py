"""Numbers of things, as people read them."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """`1 step`, `3 steps`, `1,204 schedules`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
