"""Cuts find what must stay: held against trying everything."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.search.shrink.cut import drop_most, lowest, shortest

SMALL = st.integers(0, 9)


@given(SMALL, st.frozensets(SMALL))
def test_what_is_needed_stays_and_nothing_else(size: int, needed: frozenset[int]) -> None:
    """Where each item is needed or not for itself, exactly those that are needed stay, in order."""
    kept = set(range(size))

    def drop(some: Sequence[int]) -> bool:
        assert some and set(some) <= kept
        if needed & set(some):
            return False
        kept.difference_update(some)
        return True

    left = drop_most(range(size), drop)
    assert left == sorted(needed & set(range(size))) == sorted(kept)


@given(SMALL, st.lists(st.frozensets(SMALL, min_size=1, max_size=3), min_size=1, max_size=4))
def test_nothing_single_can_go_after_a_cut(size: int, enough: list[frozenset[int]]) -> None:
    """Where any one of some sets is enough, the rest is as small as the smallest set that contains it (by brute force),
    and, as every pass goes on until a round changes nothing, no single item can be left out."""
    items = frozenset(range(size))
    holds = [each for each in enough if each <= items]
    if not holds:
        return
    kept = set(items)

    def drop(some: Sequence[int]) -> bool:
        if not any(each <= kept - set(some) for each in holds):
            return False
        kept.difference_update(some)
        return True

    left = list(range(size))
    while True:
        before = left
        left = drop_most(left, drop)
        if left == before:
            break
    everything = [frozenset(some) for count in range(size + 1) for some in combinations(range(size), count)]
    minimal = [
        some
        for some in everything
        if any(each <= some for each in holds) and not any(each <= some - {one} for one in some for each in holds)
    ]
    assert frozenset(left) == frozenset(kept)
    assert frozenset(left) in minimal


@given(st.integers(0, 10**18), st.integers(0, 10**18))
def test_the_least_number_of_a_boundary(value: int, boundary: int) -> None:
    """Where everything from a boundary on is taken, the boundary is found, by far fewer questions than numbers."""
    asked: list[int] = []

    def test(number: int) -> bool:
        asked.append(number)
        return number >= boundary

    low, high = min(value, boundary), max(value, boundary)
    assert lowest(high, test) == boundary
    assert len(asked) <= 130
    assert all(0 <= number < max(high, 1) for number in asked)
    assert lowest(low, lambda number: False) == low


@given(st.integers(0, 60), st.frozensets(st.integers(0, 60)))
def test_a_number_that_is_taken_is_never_left_for_one_that_is_not(value: int, taken: frozenset[int]) -> None:
    """Whatever is taken, the answer is, or it is the number that was there."""
    found = lowest(value, lambda number: number in taken)
    assert found == value or found in taken
    assert found <= value
    assert found == 0 or 0 not in taken


@given(st.text("ab,", max_size=30), st.text("ab,", max_size=3))
def test_a_text_becomes_as_short_as_what_it_must_hold(text: str, needle: str) -> None:
    """Where a piece must stay, the piece is what is left."""
    whole = text + needle + text
    assert shortest(whole, lambda cut: needle in cut) == needle


def test_a_long_text_is_cut_in_few_questions() -> None:
    """A megabyte of which three characters matter takes some hundred questions, not a million."""
    asked = 0

    def test(cut: str) -> bool:
        nonlocal asked
        asked += 1
        return "key" in cut

    assert shortest("x" * 500_000 + "key" + "y" * 500_000, test) == "key"
    assert asked < 200


@pytest.mark.parametrize("items", [[], [1], [1, 2, 3]])
def test_all_or_nothing(items: list[int]) -> None:
    """When everything may go, one question is enough; when nothing may, nothing goes."""
    asked: list[Sequence[int]] = []
    assert drop_most(items, lambda some: asked.append(some) is None) == []
    assert len(asked) == bool(items)
    assert drop_most(items, lambda some: False) == items


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_narrow_search_asks_a_score_of_times(value: int, boundary: int) -> None:
    """Below ten thousand: a few steps from zero, then by halving."""
    asked: list[int] = []

    def test(number: int) -> bool:
        asked.append(number)
        return number >= boundary

    assert lowest(max(value, boundary), test) == boundary
    assert len(asked) <= 20
