"""Plans and orders: which seed an execution has, and what makes two failures one."""

from __future__ import annotations

import msgspec
import pytest

from fozzy.search.explore.plan import Done, Failed, Order
from fozzy.sim.schedules import Schedule

from .conftest import plan_of

FAILED = Failed(kind="assertion", title="assert", message="m", status="fail", at="steps[0]")


def test_execution_i_has_the_seed_plus_i() -> None:
    """Seeds stay within 53 bits; a search of all orders keeps the one it has."""
    assert [plan_of("random").seed_of(index) for index in (0, 1, 999)] == [1, 2, 1000]
    assert plan_of("pct", seed=2**53 - 1).seed_of(1) == 0
    assert {plan_of(kind).seed_of(index) for kind in ("dfs", "bfs") for index in range(5)} == {1}


@pytest.mark.parametrize(
    ("change", "same"),
    [({"message": "other"}, True), ({"cause": ["x"]}, True), ({"at": "steps[1]"}, False), ({"title": "t"}, False)],
)
def test_failures_are_told_apart(change: dict[str, object], same: bool) -> None:
    """By kind, title and place; what they say may differ."""
    assert (msgspec.structs.replace(FAILED, **change).print == FAILED.print) is same


@pytest.mark.parametrize("form", [msgspec.json, msgspec.msgpack])
def test_orders_and_results_travel(form: object) -> None:
    """Between processes and into files nothing of them changes, so they can be compared afterwards."""
    order = Order(index=1, seed=2, schedule=Schedule(kind="dfs"), path=[(0, 2), (1, 3)])
    done = Done(index=1, failed=msgspec.structs.replace(FAILED, cause=["a"]), states=[2**64 - 1], path=[(1, 2)])
    for each in (order, done):
        assert form.decode(form.encode(each), type=type(each)) == each  # type: ignore[attr-defined]
