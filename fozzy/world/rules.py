"""Rules with a limited number of uses, in the order they were declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

R = TypeVar("R")


class Rules(Generic[R]):
    """The first rule that matches and has uses left wins. *Limits*: as many rules as steps that declare them."""

    def __init__(self) -> None:
        self._rules: list[R] = []
        self._left: list[int | None] = []

    def add(self, rule: R, times: int | None) -> None:
        """Declare a rule; `times` none means for ever."""
        self._rules.append(rule)
        self._left.append(times)

    def take(self, matches: Callable[[R], bool]) -> R | None:
        """Use up one use of the first rule that matches."""
        for index, rule in enumerate(self._rules):
            left = self._left[index]
            if left != 0 and matches(rule):
                if left is not None:
                    self._left[index] = left - 1
                return rule
        return None

    def snapshot(self) -> tuple[list[R], list[int | None]]:
        """The rules and their uses as they are now."""
        return list(self._rules), list(self._left)

    def restore(self, kept: tuple[list[R], list[int | None]]) -> None:
        """Put the rules of a snapshot back."""
        self._rules, self._left = list(kept[0]), list(kept[1])
