"""Toxics that were taken away still count in tallies, however many there were, and cost no more than so much."""

from __future__ import annotations

import pytest

from fozzy.faults.tcp import control, gone
from fozzy.faults.tcp.armed import Armed, Tally
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.gone import Gone, by_toxic
from fozzy.faults.tcp.message import Strike
from fozzy.faults.tcp.plan import TcpPlan, Toxic


def used(name: str) -> Armed:
    """A toxic that was applied once and bypassed once."""
    armed = Armed("redis", Toxic(type="latency", name=name), 0)
    armed.connections, armed.matched, armed.hit = 1, 3, 2
    Strike(name, "latency", armed).applied()
    missed = Strike(name, "latency", armed)
    missed.settle()
    return armed


def test_sums_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the toxics of one name that no longer count the sum is kept, and the places are bounded."""
    monkeypatch.setattr(gone, "KEPT_MAX", 2)
    monkeypatch.setattr(gone, "SUMS_MAX", 2)
    kept = Gone()
    for name in ("a", "a", "a", "b", "b"):
        kept.add(used(name))
    first, *rest = kept.tallies()
    assert first == Tally("redis/a", "latency", 3, 9, 0, 6, 3, 3, "redis", {"never_came": 3})
    assert [(tally.place, tally.applied) for tally in rest] == [("redis/b", 1), ("redis/b", 1)]
    for name in ("c", "d", "e", "f"):
        kept.add(used(name))
    assert [tally.place for tally in kept.tallies()] == [f"redis/{name}" for name in "cdef"]


def test_a_toxic_that_goes_still_counts() -> None:
    """What was struck before a toxic, or its proxy, was taken away is in the tallies after."""
    plan = control.add_proxy(TcpPlan(), {"name": "redis", "upstream": "h:1", "toxics": [{"type": "reset_peer"}]})
    engine = Engine(plan, 7)
    engine.connect("redis", "", 0)
    for change in (control.reset, lambda plan: control.delete_proxy(plan, "redis")):
        engine.change(change(engine.plan), 1)
        assert [(tally.place, tally.connections) for tally in engine.tallies()] == [("redis/reset_peer_downstream", 1)]
    engine.change(plan, 2)
    engine.change(TcpPlan(), 3)
    assert len(engine.tallies()) == 2


def test_a_toxic_that_was_changed_is_one() -> None:
    """Its tallies add up, by name and type, and stay apart from those of another type."""
    tallies = [used("a").tally(), used("b").tally(), used("a").tally()]
    other = Tally("redis/a", "bandwidth", 1, 0, 0, 0, 0, 0, "redis")
    assert by_toxic([*tallies, other]) == [
        Tally("redis/a", "latency", 2, 6, 0, 4, 2, 2, "redis", {"never_came": 2}),
        tallies[1],
        other,
    ]
