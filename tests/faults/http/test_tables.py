"""A table stays small, and forgets only what was not used for long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.http.tables import Counts, Table


@given(st.lists(st.integers(0, 30), max_size=300))
def test_counts_of_few_keys_are_exact(keys: list[int]) -> None:
    """As long as there is room, a count is how often the key came."""
    counts: Counts[int] = Counts(100)
    for n, key in enumerate(keys):
        assert counts.next(key) == keys[: n + 1].count(key)


@given(st.lists(st.integers(0, 200), max_size=400))
def test_tables_are_bounded(keys: list[int]) -> None:
    """There are never more keys than said, and the last one is always there."""
    table: Table[int, int] = Table(10)
    counts: Counts[int] = Counts(10)
    for key in keys:
        table.put(key, key)
        counts.next(key)
        assert len(table) <= 10 and len(counts) <= 10
        assert table.get(key) == key


def test_what_is_used_stays() -> None:
    """A key that comes again and again is not forgotten, whatever else comes."""
    counts: Counts[str] = Counts(10)
    for n in range(1000):
        counts.next(f"other {n}")
        assert counts.next("this") == n + 1


def test_what_was_forgotten_begins_anew() -> None:
    """A key that did not come for long is counted from 1 again."""
    counts: Counts[str] = Counts(10)
    assert [counts.next("this"), counts.next("this")] == [1, 2]
    for n in range(20):
        counts.next(f"other {n}")
    assert counts.next("this") == 1
    table: Table[str, int] = Table(10)
    assert table.get("nothing") is None
