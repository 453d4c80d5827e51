"""Whether two groups of times differ by more than chance: the rank test of Mann, Whitney and Wilcoxon.

Exact, by all ways to deal the ranks out, ties included, while there are few; by the normal distribution above that.
Mann and Whitney, On a test of whether one of two random variables is stochastically larger than the other, 1947.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

EXACT_MAX = 14  # values of both groups together: 3432 ways


def rank_test(before: Sequence[int], after: Sequence[int]) -> float:
    """How likely a difference of ranks at least this large is when there is none; both directions count."""
    ranks = _ranks([*before, *after])
    size, total = len(before), len(ranks)
    wanted = size * (total + 1) / 2  # what the ranks of the first group add up to by chance
    seen = abs(sum(ranks[:size]) - wanted)
    if total <= EXACT_MAX:
        ways = [abs(sum(each) - wanted) >= seen - 1e-9 for each in combinations(ranks, size)]
        return sum(ways) / len(ways)
    spread = math.sqrt(size * (total - size) * _variance(ranks) / total)
    return math.erfc(max(0.0, seen - 0.5) / spread / math.sqrt(2)) if spread else 1.0


def least(before: int, after: int) -> float:
    """The smallest answer that groups of these sizes can give."""
    return 2 / math.comb(before + after, before) if before and after else 1.0


def _ranks(values: Sequence[int]) -> list[float]:
    """From 1; equal values share the middle of their ranks."""
    ordered = sorted(values)
    return [(2 * _first(ordered, value) + ordered.count(value) + 1) / 2 for value in values]


def _first(ordered: Sequence[int], value: int) -> int:
    from bisect import bisect_left

    return bisect_left(ordered, value)


def _variance(ranks: Sequence[float]) -> float:
    middle = sum(ranks) / len(ranks)
    return sum((rank - middle) ** 2 for rank in ranks) / (len(ranks) - 1)
