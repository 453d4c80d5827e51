"""A small corpus that reaches as much as a large one: a set cover, by the greedy way.

Chvátal, "A greedy heuristic for the set-covering problem" (1979): the entry that adds most goes first. Among equals it
is the shortest, then the first by name, so the same corpus always becomes the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping


def cover(reached: Mapping[str, Collection[int]], sizes: Mapping[str, int]) -> list[str]:
    """The entries to keep, by name, in the order of names. An entry that reaches nothing is not among them."""
    order = sorted(reached, key=lambda name: (sizes[name], name))
    left = {name: set(reached[name]) for name in order}
    kept: list[str] = []
    while left:
        best = max(left, key=lambda name: len(left[name]))  # the first of the most: they stand in order
        gain = left.pop(best)
        if not gain:
            break
        kept.append(best)
        left = {name: features - gain for name, features in left.items() if features - gain}
    return sorted(kept)
