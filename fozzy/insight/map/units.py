"""Units: the functions, methods and files that a map speaks of. Every line belongs to the innermost one around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fozzy.insight.map.routes import Route

BRANCH, FAILURE = "branch", "failure"


class Scope(NamedTuple):
    """A function as a parser sees it: its first line, decorators included, the first of its body, and its last.

    `body` is past `end` when no line tells whether the body ran.
    """

    name: str
    line: int
    body: int
    end: int


class Point(NamedTuple):
    """Something at a line: the name of a signal, `BRANCH` or `FAILURE`."""

    line: int
    what: str


class Unit(NamedTuple):
    """A function or method, or a file without any, whose name is empty."""

    path: str
    language: str
    name: str
    line: int
    body: int
    end: int
    counts: tuple[tuple[str, int], ...]  # of its own lines: those of units inside it are theirs
    routes: tuple[Route, ...] = ()


class Code(NamedTuple):
    """What a parser makes of a file."""

    scopes: list[Scope]
    points: list[Point]
    lines: int


def owners(scopes: Sequence[Scope], lines: int) -> list[int]:
    """For every line, counted from 1, the index of the innermost scope around it, -1 outside of all."""
    owner = [-1] * (lines + 2)
    order = sorted(range(len(scopes)), key=lambda each: (scopes[each].line, -scopes[each].end))
    for index in order:
        scope = scopes[index]
        last = min(scope.end, lines)
        owner[scope.line : last + 1] = [index] * max(0, last + 1 - scope.line)
    return owner


def units_of(path: str, language: str, code: Code, routes: Iterable[Route]) -> list[Unit]:
    """The units of a file. One without functions is a unit itself."""
    scopes = code.scopes or [Scope("", 1, 1, max(1, code.lines))]
    owner = owners(scopes, code.lines)
    counts: list[Counter[str]] = [Counter() for _ in scopes]
    for point in code.points:
        index = owner[min(point.line, code.lines)]
        if index >= 0:
            counts[index][point.what] += 1
    by_scope = _routes(scopes, owner, routes)
    return [
        Unit(path, language, *scope, tuple(sorted(counts[index].items())), tuple(by_scope.get(index, ())))
        for index, scope in enumerate(scopes)
    ]


def _routes(scopes: Sequence[Scope], owner: Sequence[int], routes: Iterable[Route]) -> dict[int, list[Route]]:
    """Each route at whom it reaches: the function that is named, else the one around it or right behind it."""
    by_name = {scope.name.rpartition(".")[2]: index for index, scope in enumerate(scopes)}
    found: dict[int, list[Route]] = {}
    for route in routes:
        index = by_name.get(route.handler, -1) if route.handler else -1
        if index < 0:
            index = owner[route.line] if route.line < len(owner) else -1
        if index < 0 and route.is_mark:
            index = next((each for each, scope in enumerate(scopes) if route.line < scope.line <= route.line + 10), -1)
        if index >= 0:
            found.setdefault(index, []).append(route)
    return found
