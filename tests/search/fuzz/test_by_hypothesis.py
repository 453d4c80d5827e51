"""Typed parameters by Hypothesis: it finds a boundary and comes down to it, with the same seed the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import configuration, find, settings

from fozzy.search.fuzz.by_hypothesis import Search, strategy_of
from fozzy.search.fuzz.parameters import kinds_of
from fozzy.search.fuzz.portion import Crash, Result
from fozzy.world.code.values import decoded


def pay(amount: int, currency: str) -> None:
    """Breaks above a bound, and below another."""
    if amount > 70_000:
        raise OverflowError
    if amount < -300:
        raise ValueError


def search(function: Any, runs: int, seed: int, skip: list[bytes], home: Path) -> Search:
    def execute(data: bytes) -> Result:
        try:
            function(*decoded(json.loads(data)))
        except Exception as error:
            return Result((), Crash("assertion", "raised", "", "fail", [type(error).__name__]))
        return Result()

    made = Search(kinds_of(function)[0], execute, lambda _number, _data: None, skip)
    made.run(runs, seed, str(home))
    return made


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Any:
    """Hypothesis writes here, and afterwards where it did before."""
    yield tmp_path / "home"
    configuration.set_hypothesis_home_dir(None)


def test_a_boundary_is_found_and_come_down_to(home: Path) -> None:
    """Each of two crashes ends as the simplest input that has it, and so again with the same seed."""
    made = search(pay, 4_000, 7, [], home)
    found = {crash.cause[0]: json.loads(crash.data) for crash in made.crashes.values()}
    assert found == {"OverflowError": [70_001, ""], "ValueError": [-301, ""]}
    again = search(pay, 4_000, 7, [], home)
    assert (again.crashes, again.runs) == (made.crashes, made.runs)
    assert all(0 <= crash.number < made.runs for crash in made.crashes.values())


def test_an_input_that_is_left_out_is_not_run(home: Path) -> None:
    """What killed a child before is never executed again."""
    seen: list[int] = []

    def watch(n: int) -> None:
        seen.append(n)

    search(watch, 60, 1, [], home)
    assert 0 in seen
    seen.clear()
    search(watch, 60, 1, [b"[0]"], home)
    assert seen and 0 not in seen


def test_nothing_breaks(home: Path) -> None:
    """So many examples are made, and no crash is told."""

    def fine(n: int) -> None:
        """Takes anything."""

    made = search(fine, 50, 1, [], home)
    assert (made.runs, made.crashes) == (50, {})


def every(
    a: bytes, b: str, c: int, d: float, e: bool, f: None, g: list[int], h: dict[str, bool], i: int | str,
    j: Literal["x", 3], k: Any,
) -> None:  # fmt: skip
    """Has every kind of parameter."""


@pytest.mark.parametrize("kind", kinds_of(every)[0], ids=lambda kind: kind.name)
def test_every_kind_has_values(kind: Any) -> None:
    """There is a strategy, and its simplest value is one of the kind."""
    value = find(strategy_of(kind), lambda _: True, settings=settings(database=None))
    simplest = {"bytes": b"", "str": "", "int": 0, "float": 0.0, "bool": False, "none": None, "list": [], "dict": {},
                "union": 0, "literal": "x"}  # fmt: skip
    assert value == simplest.get(kind.name)
