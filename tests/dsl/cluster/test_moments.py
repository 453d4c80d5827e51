"""When something happens and how long it lasts."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.dsl.cluster.moments import Drawn, Time, When, moment_of
from fozzy.dsl.steps.base import FixedDuration
from fozzy.sim.settings import Moment

At = FixedDuration | When


@pytest.mark.parametrize(
    ("written", "kind", "moment"),
    [
        ("5s", At, Moment(low=5 * 10**9, high=5 * 10**9)),
        ("0ns", Time, Moment(low=0, high=0)),
        ({"within": ["0s", "30s"]}, At, Moment(low=0, high=30 * 10**9)),
        ({"within": ["1ms", "1ms"]}, Time, Moment(low=10**6, high=10**6)),
        ({"step": 0}, At, Moment(by="step", low=0, high=0)),
        ({"step": [0, 5]}, At, Moment(by="step", low=0, high=5)),
    ],
    ids=str,
)
def test_what_is_written_is_a_moment(written: Any, kind: Any, moment: Moment) -> None:
    """A time, two times, a step and two steps are each a range; of a fixed one both ends are the same."""
    value = msgspec.convert(written, kind)
    assert moment_of(value) == moment
    assert isinstance(value, str) or list(value.check()) == []


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Drawn(within=["2s", "1s"]), ("within", 1)),
        (Drawn(within=["0s", "200000h"]), ("within", 1)),
        (When(within=["2s", "1s"]), ("within", 1)),
        (When(step=[3, 2]), ("step", 1)),
        (When(), ()),
        (When(step=1, within=["1s", "2s"]), ("step",)),
    ],
    ids=str,
)
def test_ends_are_in_order(value: Drawn | When, path: tuple[Any, ...]) -> None:
    """A range the wrong way round, too wide, missing or given in both ways is told at its place."""
    assert [issue.path for issue in value.check()] == [path]


@pytest.mark.parametrize(
    ("written", "kind"),
    [("5", At), (5, At), ({"step": -1}, At), ({"step": [1]}, At), ({"within": ["1s"]}, Time), ({"step": 1}, Time)],
    ids=str,
)
def test_what_is_no_time(written: Any, kind: Any) -> None:
    """Numbers without a unit, negative steps and ranges of one end are no times; how long is never a step."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, kind)
