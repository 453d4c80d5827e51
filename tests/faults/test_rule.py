"""Rules and their schedules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.kinds import kind_of
from fozzy.faults.rule import Rule, Schedule

DROP = kind_of("http", "drop")


def struck(schedule: Schedule, count: int = 10) -> list[int]:
    """The ordinals a schedule takes."""
    return [ordinal for ordinal in range(1, count + 1) if schedule.takes(ordinal)]


@pytest.mark.parametrize(
    ("schedule", "ordinals"),
    [
        (Schedule(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (Schedule(first=2), [1, 2]),
        (Schedule(after=8), [9, 10]),
        (Schedule(every=3), [3, 6, 9]),
        (Schedule(pattern="FF.F"), [1, 2, 4]),
        (Schedule(first=6, every=2), [2, 4, 6]),
        (Schedule(after=1, pattern="FFF"), [2, 3]),
    ],
)
def test_a_schedule_takes_these_matches(schedule: Schedule, ordinals: list[int]) -> None:
    """The parts of a schedule agree: a match is struck when each part takes it; a pattern ends with its last letter."""
    assert struck(schedule) == ordinals


@given(st.integers(1, 50), st.integers(0, 50), st.integers(1, 7), st.text("F.", min_size=1, max_size=20))
def test_parts_combine_by_and(first: int, after: int, every: int, pattern: str) -> None:
    """What several parts take together is what each of them takes alone."""
    together = set(struck(Schedule(first=first, after=after, every=every, pattern=pattern), 60))
    parts = [Schedule(first=first), Schedule(after=after), Schedule(every=every), Schedule(pattern=pattern)]
    assert together == set.intersection(*(set(struck(part, 60)) for part in parts))


@pytest.mark.parametrize(
    ("match", "event", "agrees"),
    [
        ({}, {"path": "/a"}, True),
        ({"path": "/a"}, {"path": "/a"}, True),
        ({"path": "/a"}, {"path": "/ab"}, False),
        ({"path": "/a/*"}, {"path": "/a/b"}, True),
        ({"path": "/a", "method": "GET"}, {"path": "/a", "method": "PUT"}, False),
        ({"headers.x": "1"}, {"path": "/a"}, False),
        ({"args": ["-l"]}, {"args": ["-l"]}, True),
    ],
)
def test_a_rule_matches_by_equality_or_glob(match: dict[str, object], event: dict[str, object], agrees: bool) -> None:
    """Every property a rule names must be there and agree; `*` matches within a text."""
    assert DROP is not None
    assert Rule(name="r", on="http", kind=DROP(), match=match).matches(event) is agrees
