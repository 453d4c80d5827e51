"""A fault strikes when its plan says, and all that is said must agree."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.choice import CHANCES
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Drop
from fozzy.faults.http.when import chance, counts, gates, most
from tests.faults.http.asking import S, ask, asks, engine


def struck(when: dict[str, Any], count: int = 12) -> str:
    """Which of so many requests a fault strikes: F and a dot, as in a pattern."""
    return "".join("F" if each.planned else "." for each in asks(engine(faults={"drop": when}), count))


@pytest.mark.parametrize(
    ("when", "pattern"),
    [
        ({}, "FFFFFFFFFFFF"),
        ({"first": 3}, "FFF........."),
        ({"after": 9}, ".........FFF"),
        ({"every": 4}, "...F...F...F"),
        ({"pattern": "F.FF"}, "F.FF........"),
        ({"burst": {"count": 2, "every": 5}}, "FF...FF...FF"),
        ({"times": 2}, "FF.........."),
        ({"every": 2, "times": 3, "after": 4}, ".....F.F.F.."),
        ({"first": 6, "every": 3}, "..F..F......"),
        ({"probability": 1, "first": 1}, "F..........."),
        ({"probability": 0}, "............"),
        ({"ramp": {"from": 1, "to": 0, "over": 1}}, "F..........."),
        ({"ramp": {"from": 0, "to": 1, "over": 3}, "probability": 0}, "............"),
        ({"ramp": {"to": 1, "over": 1}}, ".FFFFFFFFFFF"),
    ],
)
def test_without_chance(when: dict[str, Any], pattern: str) -> None:
    """Ordinals count matching requests from 1; parts combine by and."""
    assert struck(when) == pattern


def test_what_is_not_due_draws_nothing() -> None:
    """A request that is out of the question has no roll, and neither has a fault without probability."""
    decisions = asks(engine(faults={"drop": {"first": 2, "probability": 0.5}}), 5)
    assert [len(each.rolls) for each in decisions] == [1, 1, 0, 0, 0]
    assert all(each.rolls == () for each in asks(engine(faults={"drop": {"every": 2}}), 4))


def test_a_chance_among_the_due() -> None:
    """A probability with ordinals strikes its share of those."""
    decisions = asks(engine(faults={"drop": {"every": 2, "probability": 0.8}}), 2000)
    hits = [n for n, each in enumerate(decisions, 1) if each.planned]
    assert all(n % 2 == 0 for n in hits) and 740 < len(hits) < 860


def test_between_counts_from_the_start() -> None:
    """A window is of the time since the plan came into force, its end excluded."""
    asked = engine(faults={"drop": {"between": ["1s", "2s"]}})
    assert [ask(asked, now_ns=now).planned for now in (0, S - 1, S, 2 * S - 1, 2 * S)] == ["", "", "drop", "drop", ""]


def test_a_ramp_over_time() -> None:
    """The probability of a ramp changes evenly and stays where it ends; each roll tells it."""
    asked = engine(faults={"drop": {"ramp": {"from": 0.2, "to": 1, "over": "10s"}}})
    rolled = [ask(asked, f"/{n}", now_ns=n * S).rolls[0].probability for n in (0, 5, 10, 20)]
    assert rolled == pytest.approx([0.2, 0.6, 1.0, 1.0])
    assert ask(asked, now_ns=20 * S).planned == "drop"


def test_a_ramp_over_requests() -> None:
    """Over so many requests, the next one after them has all of it."""
    decisions = asks(engine(faults={"drop": {"ramp": {"from": 0, "to": 0.4, "over": 4}}}), 6)
    assert [each.rolls[0].probability for each in decisions if each.rolls] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])
    assert decisions[0].rolls == ()


def test_a_ramp_in_a_share() -> None:
    """Where faults exclude each other a ramp fills its share little by little, and moves nobody else's."""
    ramped = engine(mode="exclusive", faults={"drop": {"ramp": {"to": 0.5, "over": 2000}}, "malformed": 0.3})
    plain = engine(mode="exclusive", faults={"drop": 0.5, "malformed": 0.3})
    both = list(zip(asks(ramped, 2000), asks(plain, 2000), strict=True))
    assert [one.planned == "malformed" for one, _ in both] == [two.planned == "malformed" for _, two in both]
    early = sum(one.planned == "drop" for one, _ in both[:1000])
    late = sum(one.planned == "drop" for one, _ in both[1000:])
    assert 60 < early < 190 and 290 < late < 460
    assert all(two.planned == "drop" for one, two in both if one.planned == "drop")


def test_ordinals_count_what_others_struck() -> None:
    """A fault counts its requests whether or not an earlier fault struck them."""
    decisions = asks(engine(faults={"drop": {"every": 2}, "timeout": {"pattern": "FFFF"}}), 5)
    assert [each.planned for each in decisions] == ["timeout", "drop", "timeout", "drop", ""]


def test_ordinals_count_what_limits_refused() -> None:
    """A request that a rate limit refused counts for ordinals, so that no clock moves a pattern; it is not rolled for."""
    asked = engine(faults={"drop": {"pattern": "F..F"}, "stall": 0.5}, limits={"global": {"rate": "1/s"}})
    decisions = [ask(asked, now_ns=now) for now in (0, 0, 0, S)]
    assert [each.planned for each in decisions] == ["drop", "limit.rate", "limit.rate", "drop"]
    assert [(each.name, each.matched, each.rolled) for each in asked.tallies()] == [("drop", 4, 2), ("stall", 4, 0)]
    plain = engine(faults={"drop": 0.5}, latency={"fixed": "1s"}, limits={"global": {"rate": "1/h"}})
    asks(plain, 5)
    assert [(each.name, each.matched, each.rolled) for each in plain.tallies()] == [("drop", 5, 1), ("latency", 5, 1)]


def test_a_sequence_of_statuses() -> None:
    """Each strike takes the next one; 0 lets a request pass, and after the last all pass."""
    decisions = asks(engine(faults={"status": {"sequence": [500, 0, 503], "after": 1}, "partial": {}}), 6)
    assert [each.planned for each in decisions] == ["partial", "status", "partial", "status", "partial", "partial"]
    assert [each.action.status for each in decisions if each.planned == "status"] == [500, 503]  # type: ignore[union-attr]


def test_the_parts() -> None:
    """Gates, chances and shares of a plan's part."""
    when = formed(Drop, {"probability": 0.5, "ramp": {"from": 0.2, "to": 0.6, "over": "1s"}, "first": 1})
    assert most(when) == 0.3 and counts(when) and len(gates(when)) == 1
    changing = chance(when)
    assert changing is not None and changing(1, 0) == 0.1 and changing(1, 5 * S) == 0.3
    assert most(Drop()) == 1.0 and not counts(Drop()) and chance(Drop()) is None
    assert int(most(Drop()) * CHANCES) == CHANCES
