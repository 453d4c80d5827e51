"""An execution tells what its records, its source and its end come to, wherever it happens."""

from __future__ import annotations

from typing import Any

from fozzy.core.choice import Source
from fozzy.core.events import Found, Step
from fozzy.core.log import Log
from fozzy.engine.run import Ended
from fozzy.search.explore.execution import executed
from fozzy.search.explore.plan import Order
from fozzy.sim.schedules import Schedule

FOUND = Found(0, "steps[0]", "assertion", "t", "m")


def order(kind: Any = "random", **more: Any) -> Order:
    return Order(index=7, seed=1, schedule=Schedule(kind=kind), **more)


def passes(_source: Source, log: Log, _ended: Ended) -> None:
    log.append(Step(0, "steps[0]", "sleep", "h"))
    log.flush()


def fails(_source: Source, log: Log, ended: Ended) -> None:
    ended.findings.append(FOUND)


def chooses(source: Any, log: Log, ended: Ended) -> None:
    while source.choose("sched.node", [1, 2]):
        fails(source, log, ended)


def test_a_pass_and_a_failure() -> None:
    """The order's number, where it came to, and the failure there was."""
    done = executed(order(), 10, passes)
    assert (done.index, done.status, done.covered, done.failed) == (7, "pass", ["steps[0]"], None)
    failed = executed(order(), 10, fails)
    assert failed.status == "fail" and failed.failed is not None and failed.failed.at == "steps[0]"
    assert failed.digest != done.digest


def test_too_many_records_are_a_cut_and_no_failure() -> None:
    """What was found before it does not count either."""

    def goes_on(source: Source, log: Log, ended: Ended) -> None:
        fails(source, log, ended)
        passes(source, log, ended)

    done = executed(order(), 0, goes_on)
    assert done.is_cut and done.failed is None


def test_a_followed_path_is_told_and_must_fit() -> None:
    """The path that was taken; one that leads to another number of choices is unsteady."""
    assert executed(order("dfs"), 10, chooses).path == [(0, 2)]
    done = executed(order("dfs", path=[(1, 2)]), 10, chooses)
    assert done.path == [(1, 2), (0, 2)] and done.failed is not None
    other = executed(order("dfs", path=[(1, 3)]), 10, chooses)
    assert other.unsteady and other.failed is None
    assert executed(order("dfs", path=[(0, 2), (0, 2)]), 10, chooses).unsteady
