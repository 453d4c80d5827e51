"""Numbers in paths."""

from __future__ import annotations

DIGITS_MAX = 9


def numbered(word: str, count: int) -> int | None:
    """A word of a path as the number of one of `count` things, from 0; none where it is not one."""
    is_one = word.isascii() and word.isdigit() and len(word) <= DIGITS_MAX and int(word) < count
    return int(word) if is_one else None


def numbers(count: int) -> str:
    """Which there are."""
    return f"They are numbered from 0 to {count - 1}." if count else "There are none."
