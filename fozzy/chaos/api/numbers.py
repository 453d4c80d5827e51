"""Numbers in paths."""

from __future__ import annotations

from fozzy.chaos.api.call import Rejected

DIGITS_MAX = 9


def numbered(word: str, count: int, code: str, message: str) -> int:
    """A word of a path as the number of one of `count` things, from 0. *Errors*: `Rejected` 404 for another."""
    is_one = word.isascii() and word.isdigit() and len(word) <= DIGITS_MAX and int(word) < count
    if not is_one:
        hint = f"They are numbered from 0 to {count - 1}." if count else "There are none."
        raise Rejected(404, code, f"{message} {word}", hint=hint)
    return int(word)
