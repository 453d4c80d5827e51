"""The search through all schedules: every one once, in the right order, with the path as its only memory."""

from __future__ import annotations

from math import factorial

import pytest

from fozzy.search.explore.tree import Frontier, Tree, costs, raised
from fozzy.sim.schedules import Pick


def follow(counts: tuple[int, ...], path: list[Pick]) -> list[Pick]:
    """Tasks with so many steps each, by a path and then the first; who ran last is the first. The whole path."""
    left, last, taken = list(counts), -1, list[Pick]()
    while ready := [number for number, count in enumerate(left) if count]:
        ready.sort(key=lambda number: number != last)
        value = 0
        if len(ready) > 1:
            value = path[len(taken)][0] if len(taken) < len(path) else 0
            taken.append((value, len(ready)))
        last = ready[value]
        left[last] -= 1
    return taken


def all_of(tree: Tree, *counts: int) -> list[tuple[int, ...]]:
    """Every new schedule, in the order they come."""
    found: list[tuple[int, ...]] = []
    frontier = Frontier()
    while frontier.path is not None:
        path = follow(counts, frontier.path)
        frontier, is_new = tree.after(frontier, path)
        if is_new:
            found.append(tuple(value for value, _ in path))
    return found


@pytest.mark.parametrize("by_level", [False, True])
@pytest.mark.parametrize("counts", [(3, 3), (2, 2, 2), (1, 5), (1,), (4, 1, 2), (2, 2, 1, 1)])
def test_every_schedule_comes_once(counts: tuple[int, ...], by_level: bool) -> None:
    """As many as there are by the formula, no two alike."""
    wanted = factorial(sum(counts))
    for count in counts:
        wanted //= factorial(count)
    found = all_of(Tree(by_level), *counts)
    assert len(found) == len(set(found)) == wanted


# By hand, for branches of 3 and 3: 0 no switch; 1 begin with b, or leave a after 1 or 2 steps; and so on.
BY_HAND = {0: 1, 1: 4, 2: 10, 3: 16, 4: 19, 5: 20, 6: 20}


@pytest.mark.parametrize("by_level", [False, True])
@pytest.mark.parametrize("bound", BY_HAND)
def test_a_bound_counts_picks_that_are_not_the_first(bound: int, by_level: bool) -> None:
    """As many schedules as were counted by hand, the same ones either way."""
    found = all_of(Tree(by_level, bound), 3, 3)
    assert len(found) == BY_HAND[bound]
    assert all(sum(value != 0 for value in path) <= bound for path in found)
    assert set(found) == set(all_of(Tree(not by_level, bound), 3, 3))


def test_fewest_first() -> None:
    """bfs takes schedules by the number of picks that are not the first; dfs by their last pick."""
    by_level = [sum(value != 0 for value in path) for path in all_of(Tree(True), 2, 2, 2)]
    assert by_level == sorted(by_level) and by_level[0] == 0
    assert all_of(Tree(False), 3, 3)[:3] == [(0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 1, 0, 1)]


def test_what_is_over_is_known_at_once() -> None:
    """The last schedule says itself that nothing is left, so a search of exactly so many is exhausted."""
    for by_level in (False, True):
        frontier, left = Frontier(), len(all_of(Tree(by_level), 2, 2))
        while left:
            assert frontier.path is not None
            frontier, is_new = Tree(by_level).after(frontier, follow((2, 2), frontier.path))
            left -= is_new
        assert frontier.path is None


def test_no_choice_at_all() -> None:
    """One schedule, and it is over."""
    assert all_of(Tree(False), 5) == all_of(Tree(True), 5) == [()]


def test_the_next_path() -> None:
    """The last pick that can be raised is; the bound decides which can."""
    path = [(1, 2), (0, 3), (2, 3)]
    assert raised(path, None) == [(1, 2), (1, 3)]
    assert raised(path, 2) == [(1, 2), (1, 3)]
    assert raised([(1, 3), (0, 2)], 1) == [(2, 3)]
    assert raised([(1, 2), (0, 2)], 1) is None
    assert raised([], None) is None
    assert costs(path) == 2
