"""How a time is spread."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.choice import CHANCES
from fozzy.dsl.cluster.spread import Latency, SpreadOf, bounds, spread_of
from fozzy.sim.settings import Spread

MS = 10**6


@pytest.mark.parametrize(
    ("written", "spread"),
    [
        ("5ms", Spread(kind="fixed", low_ns=5 * MS, high_ns=5 * MS, mean_ns=5 * MS)),
        ({"fixed": "5ms"}, Spread(kind="fixed", low_ns=5 * MS, high_ns=5 * MS, mean_ns=5 * MS)),
        ({"uniform": ["1ms", "20ms"]}, Spread(kind="uniform", low_ns=MS, high_ns=20 * MS, mean_ns=10_500_000)),
        ({"exponential": "5ms"}, Spread(kind="exponential", low_ns=0, high_ns=100 * MS, mean_ns=5 * MS)),
        (
            {"normal": ["10ms", "2ms"]},
            Spread(kind="normal", low_ns=0, high_ns=26 * MS, mean_ns=10 * MS, deviation_ns=2 * MS),
        ),
        (
            {"normal": ["10ms", "1ms"]},
            Spread(kind="normal", low_ns=2 * MS, high_ns=18 * MS, mean_ns=10 * MS, deviation_ns=MS),
        ),
    ],
    ids=str,
)
def test_what_is_written_is_a_spread(written: Any, spread: Spread) -> None:
    """A plain duration and each kind become whole nanoseconds with bounds; a normal one is never below 0."""
    value = msgspec.convert(written, Latency)
    assert spread_of(value) == spread
    assert bounds(value) == (spread.low_ns, spread.high_ns)
    assert isinstance(value, str) or (value.bounds() == bounds(value) and list(value.check()) == [])


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (SpreadOf(), ()),
        (SpreadOf(fixed="1ms", exponential="1ms"), ("exponential",)),
        (SpreadOf(uniform=["2ms", "1ms"]), ("uniform", 1)),
        (SpreadOf(uniform=["0ms", "200000h"]), ("uniform", 1)),
        (SpreadOf(exponential="200000h"), ("exponential",)),
        (SpreadOf(normal=["1s", "200000h"]), ("normal",)),
    ],
    ids=str,
)
def test_what_is_no_spread(value: SpreadOf, path: tuple[Any, ...]) -> None:
    """None, two at once, the wrong way round, and what is too wide to be drawn are told at their place."""
    assert [issue.path for issue in value.check()] == [path]


DURATIONS = st.builds("{}{}".format, st.integers(0, 10**15 - 1), st.sampled_from(["ns", "us", "ms", "s", "m", "h"]))
TWO = st.lists(DURATIONS, min_size=2, max_size=2)
SPREADS = st.one_of(
    st.builds(SpreadOf, fixed=DURATIONS),
    st.builds(SpreadOf, uniform=TWO),
    st.builds(SpreadOf, exponential=DURATIONS),
    st.builds(SpreadOf, normal=TWO),
)


@given(SPREADS)
def test_a_valid_spread_can_be_drawn(value: SpreadOf) -> None:
    """Whatever is accepted has ends in order around its mean, not below 0, and near enough to be drawn between."""
    if list(value.check()):
        return
    made = spread_of(value)
    assert 0 <= made.low_ns <= made.mean_ns <= made.high_ns
    assert made.high_ns - made.low_ns < CHANCES
