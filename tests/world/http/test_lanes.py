"""When concurrent requests are on their way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.world.http.lanes import stays


def test_the_next_begins_when_one_is_done() -> None:
    """Two at a time: the third waits for the shorter of the first two."""
    assert stays([30, 10, 10, 5], 2) == [(0, 30), (0, 10), (10, 20), (20, 25)]
    assert stays([], 3) == []


@given(st.lists(st.integers(0, 100), max_size=30), st.integers(1, 10))
def test_never_more_than_allowed(durations: list[int], concurrency: int) -> None:
    """Every request takes its time, they begin in order, and never more than allowed are on their way."""
    found = stays(durations, concurrency)
    assert [stay.ended_ns - stay.began_ns for stay in found] == durations
    assert [stay.began_ns for stay in found] == sorted(stay.began_ns for stay in found)
    for stay in found:
        assert sum(other.began_ns <= stay.began_ns < other.ended_ns for other in found) <= concurrency
