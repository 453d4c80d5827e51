"""Where a search through all schedules is. It keeps the current path alone, so memory stays flat.

Every schedule is a path in a tree: a pick at each choice of who goes on. An execution follows a path to its end and
then takes the first everywhere, so it is the least continuation, and the next path in order differs from it in its last
pick that can be raised. `dfs` goes through the tree so. `bfs` does it again and again, each time with one more pick
that is not the first (iterative deepening: Korf, "Depth-first iterative-deepening", Artificial Intelligence 1985): what
a round comes by that an earlier one has done already only shows the way and is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fozzy.sim.schedules import Pick


class Frontier(msgspec.Struct, frozen=True, omit_defaults=True):
    """The path to follow next; none when every one was followed. `level` is the round of `bfs`, `is_deeper` says that
    there are schedules for a round behind it."""

    path: list[Pick] | None = []
    level: int = 0
    is_deeper: bool = False


class Tree(msgspec.Struct, frozen=True):
    """How the tree is gone through: `bound` is the most picks that are not the first, none for any number."""

    by_level: bool
    bound: int | None = None

    def after(self, frontier: Frontier, path: Sequence[Pick]) -> tuple[Frontier, bool]:
        """Where the search is once this whole path was followed, and whether it is a schedule that is new."""
        if not self.by_level:
            return Frontier(raised(path, self.bound)), True
        level = frontier.level
        cost = costs(path)
        is_deeper = frontier.is_deeper or (cost == level and bool(path) and path[-1][0] == 0)
        following = raised(path, level)
        if following is None:
            over = not is_deeper or level == self.bound
            return Frontier(None if over else [], level if over else level + 1), cost == level
        return Frontier(following, level, is_deeper), cost == level


def costs(path: Sequence[Pick]) -> int:
    """How many picks are not the first."""
    return sum(value != 0 for value, _ in path)


def raised(path: Sequence[Pick], bound: int | None) -> list[Pick] | None:
    """The next path in order whose picks that are not the first are within the bound; none behind the last."""
    spent = costs(path)
    for index in range(len(path) - 1, -1, -1):
        value, options = path[index]
        spent -= value != 0  # of what stands before
        if value + 1 < options and (bound is None or spent < bound):
            return [*path[:index], (value + 1, options)]
    return None
