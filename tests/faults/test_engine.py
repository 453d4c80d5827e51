"""The fault engine: rolls, what was planned and what was applied."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.choice import CHANCES, Choices
from fozzy.core.clock import Clock
from fozzy.core.events import Draw, Event, Record
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.faults.engine import Faults
from fozzy.faults.kinds import kind_of
from fozzy.faults.rule import Rule, Schedule

GET = {"method": "GET", "path": "/x"}


class Zeros:
    """A tape of zeros."""

    def draw(self, label: str, low: int, high: int) -> int:
        return low

    def ask(self, *words: Any) -> Any:
        raise AssertionError("nothing is asked here")


def faults(source: Any = None) -> tuple[Faults, list[Record]]:
    """An engine and the records it makes."""
    log = Log()
    return Faults(Choices(source or Seeded(7), Clock(), log, Redactor(), 10**9)), log.buffer


def drop(name: str = "drop", **schedule: Any) -> Rule:
    """A rule that drops requests."""
    kind = kind_of("http", "drop")
    assert kind is not None
    return Rule(name=name, on="http", kind=kind(), schedule=Schedule(**schedule))


def hits(engine: Faults, count: int = 40) -> list[int]:
    """The ordinals at which something is planned."""
    found = []
    for ordinal in range(1, count + 1):
        planned = engine.roll("http", GET)
        if planned is not None:
            engine.applied(planned)
            found.append(ordinal)
    return found


def test_nothing_is_rolled_when_nothing_is_armed() -> None:
    """Without rules there is no draw and no event."""
    engine, records = faults()
    assert engine.roll("http", GET) is None
    assert records == []


def test_a_probability_is_one_draw_under_its_name() -> None:
    """Each match of a rule with a probability makes one draw, hit or miss."""
    engine, records = faults()
    engine.arm(drop("flaky", probability=0.5))
    found = hits(engine)
    draws = [record for record in records if isinstance(record, Draw)]
    assert [draw.label for draw in draws] == ["fault.flaky"] * 40
    assert found == [n for n, draw in enumerate(draws, 1) if draw.value >= CHANCES // 2]
    assert 5 < len(found) < 35


def test_the_same_seed_plans_the_same() -> None:
    """Rolls follow from the seed alone."""
    first, second = (faults(Seeded(3))[0] for _ in range(2))
    for engine in (first, second):
        engine.arm(drop(probability=0.3))
    assert hits(first) == hits(second)


def test_a_fault_more_moves_no_other_draw() -> None:
    """A rule with probability 0 before another changes no roll of the other."""
    alone, both = faults(Seeded(3))[0], faults(Seeded(3))[0]
    both.arm(drop("never", probability=0))
    for engine in (alone, both):
        engine.arm(drop("flaky", probability=0.3))
    assert hits(alone) == hits(both)


def test_a_tape_of_zeros_has_no_fault() -> None:
    """Zero is the boring choice: no probability below one hits."""
    engine, _ = faults(Zeros())
    engine.arm(drop(probability=0.999))
    assert hits(engine) == []


def test_applied_and_bypassed_are_told_apart() -> None:
    """A plan that could not be applied is bypassed, with its reason, and does not count as applied."""
    engine, records = faults()
    engine.arm(drop(times=2))
    for reason in ("", "upstream_failed", ""):
        planned = engine.roll("http", GET)
        assert planned is not None
        engine.bypassed(planned, reason) if reason else engine.applied(planned)
    (tally,) = engine.tallies()
    assert (tally.matched, tally.rolled, tally.applied, tally.bypassed) == (3, 3, 2, 1)
    assert engine.roll("http", GET) is None, "`times` counts what was applied"
    said = [record.fields for record in records if isinstance(record, Event)]
    assert [fields["applied"] for fields in said] == [True, False, True]
    assert said[1]["reason"] == "upstream_failed"


def test_the_first_rule_that_hits_wins() -> None:
    """Rules are rolled in the order of arming, and those after a hit are not rolled."""
    engine, _ = faults()
    engine.arm(drop("first", every=2))
    engine.arm(drop("second"))
    names = []
    for _ in range(4):
        planned = engine.roll("http", GET)
        assert planned is not None
        names.append(planned.rule.name)
    assert names == ["second", "first", "second", "first"]


def test_clearing_disarms_and_keeps_the_tally() -> None:
    """A cleared rule strikes no more; what became of it is still told. Clearing without a name clears all."""
    engine, _ = faults()
    engine.arm(drop("a"))
    engine.arm(drop("b"))
    assert len(hits(engine, 3)) == 3
    assert engine.clear("a") == 1
    assert engine.clear("none") == 0
    assert engine.clear(None) == 1
    assert engine.roll("http", GET) is None
    assert [(tally.name, tally.applied) for tally in engine.tallies()] == [("a", 3), ("b", 0)]


def test_a_rule_of_the_same_name_takes_the_place_of_the_other() -> None:
    """Arming a name again replaces the rule."""
    engine, _ = faults()
    engine.arm(drop("a"))
    engine.arm(drop("a", after=100))
    assert engine.roll("http", GET) is None


@pytest.mark.parametrize(("op", "strikes"), [("read", True), ("write", False)])
def test_a_kind_concerns_its_operations(op: str, strikes: bool) -> None:
    """A fault of reading does not strike a write, nor counts it."""
    kind = kind_of("fs", "corrupt_read")
    assert kind is not None
    engine, _ = faults()
    engine.arm(Rule(name="r", on="fs", kind=kind()))
    assert (engine.roll("fs", {"op": op, "path": "a"}) is not None) is strikes
    assert engine.tallies()[0].matched == int(strikes)
