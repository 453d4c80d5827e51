"""Words that go with numbers."""

from __future__ import annotations


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 step`, `3 steps`, `1,204 schedules`; with `plural` where an s does not make one: `2 replies`."""
    return f"{number:,} " + (noun if number == 1 else plural or f"{noun}s")
