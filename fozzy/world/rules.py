"""Rules with a limited number of uses, in the order they were declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

R = TypeVar("R")


class _Declared(Generic[R]):
    """A rule, the step that declared it, and whether anything ever met it."""

    __slots__ = ("rule", "at", "is_met")

    def __init__(self, rule: R, at: str) -> None:
        self.rule = rule
        self.at = at
        self.is_met = False


class Rules(Generic[R]):
    """The first rule that matches and has uses left wins. *Limits*: as many rules as steps that declare them."""

    def __init__(self) -> None:
        self._rules: list[_Declared[R]] = []
        self._left: list[int | None] = []

    def add(self, rule: R, times: int | None, at: str = "") -> None:
        """Declare a rule; `times` none means for ever, `at` is the path of the step that declares it."""
        self._rules.append(_Declared(rule, at))
        self._left.append(times)

    def take(self, matches: Callable[[R], bool]) -> R | None:
        """Use up one use of the first rule that matches."""
        index = self._first(matches)
        if index is None:
            return None
        left = self._left[index]
        if left is not None:
            self._left[index] = left - 1
        return self._rules[index].rule

    def meet(self, matches: Callable[[R], bool]) -> None:
        """Something came that the first rule that matches speaks of, and there was nothing to use it up for."""
        self._first(matches)

    def unmet(self) -> Iterator[tuple[R, str]]:
        """The rules of which nothing ever came, each with the step that declared it."""
        return ((each.rule, each.at) for each in self._rules if not each.is_met)

    def _first(self, matches: Callable[[R], bool]) -> int | None:
        for index, declared in enumerate(self._rules):
            if self._left[index] != 0 and matches(declared.rule):
                declared.is_met = True
                return index
        return None

    def snapshot(self) -> tuple[list[_Declared[R]], list[int | None]]:
        """The rules and their uses as they are now; which of them were met is not put back."""
        return list(self._rules), list(self._left)

    def restore(self, kept: tuple[list[_Declared[R]], list[int | None]]) -> None:
        """Put the rules of a snapshot back."""
        self._rules, self._left = list(kept[0]), list(kept[1])
