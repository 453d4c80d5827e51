"""Counting different numbers: exact at first, then within the error of the paper, whatever the order was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.sources import GOLDEN, MASK, mix
from fozzy.search.explore.counting import EXACT_MAX, REGISTERS, DistinctCount

COUNT = 60_000
numbers = st.lists(st.integers(0, 2**64 - 1), max_size=60)


def spread(count: int, start: int = 0) -> list[int]:
    """So many well mixed numbers."""
    return [mix((start + index + 1) * GOLDEN & MASK) for index in range(count)]


SPREAD = spread(COUNT)


def counted(*parts: list[int]) -> DistinctCount:
    made = DistinctCount()
    for part in parts:
        made.add_all(part)
    return made


@pytest.mark.parametrize("count", [0, 1, 2, 1_000, EXACT_MAX])
def test_few_numbers_are_counted_exactly(count: int) -> None:
    """Up to a bound nothing is estimated, and seeing a number again changes nothing."""
    made = counted(spread(count), spread(count))
    assert made.count == count and made.is_exact


@pytest.mark.parametrize("count", [EXACT_MAX + 1, 30_000, 50_000, 70_000, 100_000, 300_000])
@pytest.mark.parametrize("start", [0, 10**9])
def test_many_numbers_are_counted_nearly(count: int, start: int) -> None:
    """Within two hundredths, also where the first estimator of the paper has a bias."""
    made = counted(spread(count, start))
    assert not made.is_exact
    assert abs(made.count - count) < 0.02 * count


def test_memory_stays_flat() -> None:
    """What is kept has one size, however many there were."""
    assert len(counted(spread(50_000)).dump()) == len(counted(spread(200_000)).dump()) == REGISTERS + 1


@given(numbers, numbers)
def test_the_order_of_merging_does_not_matter(one: list[int], other: list[int]) -> None:
    """Small counts: merged either way, or added in one go, they know the same."""
    left, right = counted(one), counted(other)
    left.merge(counted(other))
    right.merge(counted(one))
    assert left.dump() == right.dump() == counted(one + other).dump() == counted(other, one).dump()
    assert left.count == len({*one, *other})


@settings(max_examples=12, deadline=None)
@given(st.integers(0, COUNT), st.integers(0, COUNT), st.integers(0, COUNT))
def test_the_order_of_merging_does_not_matter_for_large_counts(low: int, middle: int, high: int) -> None:
    """Small and large counts together: the same registers whatever came first."""
    parts = [SPREAD[:low], SPREAD[middle : middle + 500], SPREAD[high:]]
    forward, backward = DistinctCount(), DistinctCount()
    for part in parts:
        forward.merge(counted(part))
    for part in reversed(parts):
        backward.merge(counted(part))
    assert forward.dump() == backward.dump() == counted(*parts).dump()


@pytest.mark.parametrize("count", [0, 3, EXACT_MAX, 40_000])
def test_a_count_can_be_kept(count: int) -> None:
    """What was kept goes on counting as if it had never stopped."""
    made = DistinctCount(counted(SPREAD[:count]).dump())
    assert made.count == counted(SPREAD[:count]).count
    made.add_all(SPREAD[:50_000])
    assert made.dump() == counted(SPREAD[:50_000]).dump()


def test_registers_at_their_ends_make_sense() -> None:
    """Numbers of all zeros and all ones are counted as any other."""
    made = counted(spread(EXACT_MAX + 1), [0, 2**64 - 1])
    assert EXACT_MAX * 0.98 < made.count < EXACT_MAX * 1.02
