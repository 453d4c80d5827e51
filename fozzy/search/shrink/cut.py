"""Cuts that every pass makes: leave out as many of some things as possible, bring a number as near to zero as possible.

`drop_most` is the complement search of Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input"
(2002), from the end, with sizes that halve; `lowest` searches exponentially, then by halving, as in Bentley and Yao,
"An almost optimal algorithm for unbounded searching" (1976); below `WIDE` it halves after a few steps, which is less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
NEAR = 8  # so far from zero the steps of a narrow search grow
WIDE = 1 << 20


def drop_most(items: Sequence[T], drop: Callable[[Sequence[T]], bool]) -> list[T]:
    """Ask `drop` to leave out runs of items, long runs first, later ones first; those that had to stay.

    `drop` keeps a run out when it says true.
    """
    left = list(items)
    size = len(left)
    while size and left:
        end = len(left)
        while end > 0:
            start = max(0, end - size)
            if drop(left[start:end]):
                del left[start:end]
            end = start
        size = min(size // 2, len(left))
    return left


def shortest(whole: str, test: Callable[[str], bool]) -> str:
    """The text with as many runs of characters left out as `test` takes; like `drop_most`, without a list of them."""
    left, size = whole, len(whole)
    while size and left:
        end = len(left)
        while end > 0:
            start = max(0, end - size)
            cut = left[:start] + left[end:]
            if test(cut):
                left = cut
            end = start
        size = min(size // 2, len(left))
    return left


def lowest(value: int, test: Callable[[int], bool]) -> int:
    """The least number from 0 that `test` takes, as far as halving finds it; `value` is one that it takes."""
    if value == 0 or test(0):
        return 0
    low, high = 0, value  # low is refused, high is taken
    step = 1
    while low + step < high and (step <= NEAR or value >= WIDE):  # near to zero first
        if test(low + step):
            high = low + step
            break
        low, step = low + step, step * 2
    while high - low > 1:
        middle = (low + high) // 2
        if test(middle):
            high = middle
        else:
            low = middle
    return high
