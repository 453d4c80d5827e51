"""The rank test: the numbers of its tables, and no surprise where groups are equal or empty of spread."""

from __future__ import annotations

import math

import pytest

from fozzy.insight.profile.ranks import EXACT_MAX, least, rank_test


@pytest.mark.parametrize(
    ("before", "after", "p"),
    [
        ([1, 2, 3, 4], [5, 6, 7, 8], 2 / 70),  # the most extreme of 70 ways, and its mirror
        ([5, 6, 7, 8], [1, 2, 3, 4], 2 / 70),
        ([1, 2, 3], [4, 5, 6], 2 / 20),
        ([1, 2, 3, 5], [4, 6, 7, 8], 4 / 70),
        ([1, 4], [2, 3], 1.0),
        ([7, 7, 7], [7, 7, 7], 1.0),
    ],
)
def test_small_groups_are_exact(before: list[int], after: list[int], p: float) -> None:
    """All ways to deal out the ranks are counted."""
    assert rank_test(before, after) == pytest.approx(p)


def test_large_groups_go_by_the_normal_distribution() -> None:
    """Near the exact answer at the border, sure for a clear difference, and 1 where nothing differs."""
    assert EXACT_MAX == 14
    before, after = list(range(0, 16, 2)), list(range(1, 17, 2))
    assert 0.5 < rank_test(before, after) <= 1.0
    assert rank_test(list(range(20)), list(range(100, 120))) < 1e-6
    assert rank_test([3] * 20, [3] * 20) == 1.0
    exact = rank_test([1, 2, 3, 4, 5, 6, 8], [7, 9, 10, 11, 12, 13, 14])
    assert exact == pytest.approx(4 / math.comb(14, 7))


def test_what_groups_can_say_at_most() -> None:
    """Four on each side can be sure at one in twenty, three cannot."""
    assert least(4, 4) == pytest.approx(2 / 70) and least(3, 3) == pytest.approx(0.1)
    assert least(0, 3) == 1.0
