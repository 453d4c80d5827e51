"""The tape becomes calm: what may be boring is, the rest is as near to it as it goes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.events import Draw
from fozzy.search.shrink.passes.choices import calm_schedule, drop_draws, lower_draws, zero_draws


def values(gate: Any, label: str | None = None) -> list[int]:
    return [each.value for each in gate.best.tape.draws if label in (None, each.label)]


@given(st.lists(st.integers(0, 100), max_size=12), st.frozensets(st.integers(0, 11), max_size=3))
def test_exactly_the_needed_draws_stay_loud(plant: Any, drawn: list[int], needed: frozenset[int]) -> None:
    """Where some draws must keep their values, all others become zero."""
    needed = frozenset(place for place in needed if place < len(drawn))
    gate = plant.gate(
        lambda each: all(each.tape.draws[place].value == drawn[place] for place in needed), values=plant.draws(*drawn)
    )
    zero_draws(gate)
    assert values(gate) == [value if place in needed else 0 for place, value in enumerate(drawn)]


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=6), st.data())
def test_draws_come_as_near_to_boring_as_they_go(plant: Any, drawn: list[int], data: st.DataObject) -> None:
    """Above or below zero, or bounded away from it."""
    low = data.draw(st.integers(-60, min(drawn)))
    high = data.draw(st.integers(max(drawn), 60))
    least = [data.draw(st.integers(0, abs(value))) for value in drawn]
    boring = low if low > 0 else high if high < 0 else 0

    def fails(each: Any) -> bool:
        return all(abs(draw.value) >= bound for draw, bound in zip(each.tape.draws, least, strict=True))

    gate = plant.gate(fails, values=plant.draws(*drawn, low=low, high=high))
    lower_draws(gate)
    for now, then, bound in zip(values(gate), drawn, least, strict=True):
        assert abs(now - boring) <= abs(then - boring)
        assert now == boring or abs(now) == bound or boring != 0


def test_a_boundary_is_found_quickly(plant: Any) -> None:
    """Among 2^53 values, in some hundred runs."""
    high = 2**53 - 1
    gate = plant.gate(lambda each: each.tape.draws[0].value >= 123_456_789, values=plant.draws(high - 5, high=high))
    lower_draws(gate)
    assert values(gate) == [123_456_789]
    assert gate.tried < 120


def test_a_draw_that_went_no_lower_is_asked_once_more(plant: Any) -> None:
    """In a later round two runs say so, unless it goes one step now: then all is tried again."""
    gate = plant.gate(
        lambda each: each.tape.draws[0].value + each.tape.draws[1].value >= 9_000,
        values=(*plant.draws(8_000, high=10_000), *plant.draws(5_000, high=10_000, label="rand.other")),
    )
    lower_draws(gate)
    assert values(gate) == [8_000, 1_000]
    gate.with_tape(gate.best.tape)
    before, gate._seen = gate.tried, {}
    lower_draws(gate)
    assert (values(gate), gate.tried - before) == ([8_000, 1_000], 2)
    gate.lowered["rand.k", 0] = 7_000
    lower_draws(gate)
    assert gate.tried - before > 10


def test_draws_that_are_not_needed_leave_the_tape(plant: Any) -> None:
    """Later ones of the label move up; other labels stay as they are."""
    tape = (*plant.draws(7, 9, 7), *plant.draws(9, label="rand.other"))

    def fails(each: Any) -> bool:
        return 9 in [draw.value for draw in each.tape.draws if draw.label == "rand.k"]

    gate = plant.gate(fails, values=tape)
    drop_draws(gate)
    assert values(gate, "rand.k") == [9]
    assert values(gate, "rand.other") == [9]


@pytest.mark.parametrize(
    ("aims", "changed"),
    [
        (("schedule",), {"parallel.p", "net.drop.a>b"}),
        (("faults",), {"fault.f"}),
        (("input",), {"rand.k"}),
        (("input", "schedule", "faults"), {"parallel.p", "net.drop.a>b", "fault.f", "rand.k"}),
    ],
)
def test_only_what_may_change_does(aims: Any, changed: set[str], plant: Any) -> None:
    """Order, faults and values are told apart by the label."""
    labels = ["parallel.p", "net.drop.a>b", "fault.f", "rand.k"]
    tape: tuple[Draw, ...] = tuple(draw for label in labels for draw in plant.draws(3, 4, label=label))
    gate = plant.gate(lambda each: True, values=tape)
    gate.aims = aims
    if "schedule" in aims:
        calm_schedule(gate)
    if aims != ("schedule",):
        zero_draws(gate)
    lower_draws(gate)
    drop_draws(gate)
    assert {label for label in labels if values(gate, label) != [3, 4]} == changed


def test_a_hundred_thousand_draws_are_looked_at_in_time(plant: Any) -> None:
    """What is done between two runs grows with the tape, not with its square: a few runs over it end."""
    tape = plant.draws(*[1] * 100_000)
    gate = plant.gate(lambda each: True, values=tape)
    zero_draws(gate)
    assert gate.tried == 1
    assert sum(values(gate)) == 0
    many = tuple(draw for index in range(20_000) for draw in plant.draws(1, label=f"rand.k{index}"))
    gate = plant.gate(lambda each: True, values=many)
    drop_draws(gate)
    zero_draws(gate)
    assert gate.tried == 1
