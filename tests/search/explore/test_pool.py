"""Orders carried out here or in forked workers: the same answers in the same order, and errors that are told."""

from __future__ import annotations

import os
from contextlib import closing
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from fozzy import wall
from fozzy.errors import StoreError
from fozzy.search.explore import pool
from fozzy.search.explore.plan import Done, Order
from fozzy.search.explore.pool import carry_out
from fozzy.sim.schedules import Schedule
from tests.leftovers import children

ORDERS = [Order(index=index, seed=index, schedule=Schedule()) for index in range(200)]
PARENT = os.getpid()


def plain(order: Order) -> Done:
    return Done(index=order.index, choices=order.seed, states=[order.index, order.index // 10], covered=["a"])


def harmful(order: Order) -> Done:
    if order.index == 120 and os.getpid() != PARENT:
        os._exit(9)
    return plain(order)


def failing(order: Order) -> Done:
    if order.index == 50:
        raise StoreError("store.unwritable", "no room")
    return plain(order)


@pytest.mark.parametrize("jobs", [2, 3, 8])
def test_workers_answer_in_order(jobs: int) -> None:
    """Every order once; together they saw all states and places that one process sees."""
    alone = list(carry_out(ORDERS, plain, 1, None))
    told = list(carry_out(ORDERS, plain, jobs, None))
    assert [each.index for each in told] == [each.index for each in alone] == list(range(200))
    assert [each.choices for each in told] == [each.choices for each in alone]
    assert {state for each in told for state in each.states} == {state for each in alone for state in each.states}
    assert {place for each in told for place in each.covered} == {"a"}


@pytest.mark.parametrize("until", [1, 37, 120])
def test_what_was_sent_already_is_new_only_behind_it(until: int) -> None:
    """Cut anywhere, the answers so far have every state that the executions so far came to."""
    told = list(carry_out(ORDERS, plain, 2, None))[:until]
    whole = {state for each in ORDERS[:until] for state in plain(each).states}
    assert {state for each in told for state in each.states} == whole


def test_the_portion_of_a_worker_that_died_is_done_again() -> None:
    """Nothing is missing in what is told."""
    assert [each.index for each in carry_out(ORDERS, harmful, 2, None)] == list(range(200))


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_worker_is_raised_here(jobs: int, capfd: pytest.CaptureFixture[str]) -> None:
    """What comes before it is told first."""
    told: list[int] = []
    with pytest.raises(StoreError, match="no room"):
        told += [each.index for each in carry_out(ORDERS[:49], failing, jobs, None)]
        for each in carry_out(ORDERS[45:], failing, jobs, None):
            told.append(each.index)
    assert told[:49] == list(range(49)) and capfd.readouterr().err == ""


@pytest.mark.parametrize("jobs", [1, 2])
def test_time_ends_it(jobs: int) -> None:
    """Nothing is begun when it is over, and nothing is left out before that."""
    assert list(carry_out(ORDERS, plain, jobs, wall.elapsed_ns() - 1)) == []

    def slow(order: Order) -> Done:
        wall.pause_ns(10**6)
        return plain(order)

    many = ORDERS * 45
    told = [each.index for each in carry_out(many, slow, jobs, wall.elapsed_ns() + 2 * 10**9)]
    assert 0 < len(told) < len(many) and told == [each.index for each in many[: len(told)]]


@pytest.mark.parametrize("jobs", [1, 2])
def test_whoever_stops_early_leaves_nothing(jobs: int) -> None:
    """Closing the answers ends the workers."""
    before = children()
    with closing(carry_out(ORDERS, plain, jobs, None)) as answers:
        next(answers)
    assert children() == before


@pytest.mark.parametrize(("frozen", "calls"), [(0, ["collect", "freeze", "unfreeze"]), (5, [])])
def test_what_others_have_frozen_stays_frozen(frozen: int, calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects are frozen for the workers, and let go afterwards, only where nobody else has done so."""
    made: list[str] = []
    spoken: dict[str, Any] = {name: partial(made.append, name) for name in ("collect", "freeze", "unfreeze")}
    monkeypatch.setattr(pool, "gc", SimpleNamespace(get_freeze_count=lambda: frozen, **spoken))
    assert len(list(carry_out(ORDERS, plain, 2, None))) == len(ORDERS)
    assert made == calls
