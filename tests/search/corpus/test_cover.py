"""The set cover: what is kept reaches all, is small, and is always the same."""

from __future__ import annotations

import hypothesis
from hypothesis import strategies

from fozzy.search.corpus.cover import cover

REACHED = strategies.dictionaries(strategies.text("abc", min_size=1, max_size=3), strategies.frozensets(
    strategies.integers(0, 12)), max_size=12)  # fmt: skip


@hypothesis.given(REACHED, strategies.randoms(use_true_random=False))
def test_what_is_kept_reaches_all_and_nothing_of_it_is_idle(reached: dict[str, frozenset[int]], chance: object) -> None:
    """Kept entries reach what all reach, in the order of names, whatever order they came in, and again the same."""
    sizes = {name: len(name) for name in reached}
    kept = cover(reached, sizes)
    everything = frozenset().union(*reached.values())
    assert frozenset().union(*(reached[name] for name in kept)) == everything
    assert kept == sorted(set(kept))
    backwards = dict(reversed(reached.items()))
    assert cover(backwards, sizes) == kept
    again = cover({name: reached[name] for name in kept}, sizes)
    assert set(again) <= set(kept)
    assert frozenset().union(*(reached[name] for name in again)) == everything


def test_the_one_that_adds_most_goes_first_and_the_shortest_of_equals() -> None:
    """One entry that reaches everything stands for three; of two that reach the same the shorter one is kept."""
    reached = {"a": [1], "b": [2], "c": [1, 2, 3], "d": [3, 2, 1], "e": []}
    assert cover(reached, {"a": 1, "b": 1, "c": 9, "d": 8, "e": 0}) == ["d"]
    assert cover(reached, {"a": 1, "b": 1, "c": 8, "d": 8, "e": 0}) == ["c"]


def test_nothing_reaches_nothing() -> None:
    """No entry is kept for nothing."""
    assert cover({}, {}) == []
    assert cover({"a": [], "b": []}, {"a": 1, "b": 2}) == []
