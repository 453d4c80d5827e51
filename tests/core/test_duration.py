"""Durations: what is one, what it means, and how it is shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.duration import PATTERN, UNITS_NS, parse_ns, show_ns


@given(st.integers(0, 10**15 - 1), st.sampled_from(sorted(UNITS_NS)))
def test_a_whole_number_and_a_unit(number: int, unit: str) -> None:
    """A duration is its number times its unit, in whole nanoseconds."""
    assert parse_ns(f"{number}{unit}") == number * UNITS_NS[unit]


@given(st.text(max_size=8) | st.from_regex(r"\A-?\d+ ?[a-z]*\s?\Z"))
def test_the_pattern_says_the_same(text: str) -> None:
    """The pattern of the schema and the parser agree about every text; what is none is a ValueError."""
    if re.fullmatch(PATTERN, text):
        assert parse_ns(text) >= 0
    else:
        with pytest.raises(ValueError, match="whole number and a unit"):
            parse_ns(text)


@pytest.mark.parametrize("text", ["", "5", "ms", "-5ms", "+5ms", "1.5s", "5 ms", "5MS", "5ms\n", "٣ms", "1d", "1e3ms"])
def test_what_is_no_duration(text: str) -> None:
    """Signs, fractions, spaces, other digits and other units are refused."""
    with pytest.raises(ValueError):
        parse_ns(text)


@pytest.mark.parametrize(
    ("duration_ns", "shown"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (1000, "1us"),
        (812 * 10**6, "812ms"),
        (1_240_000_000, "1.24s"),
        (60 * 10**9, "1m00s"),
        (3725 * 10**9, "62m05s"),
    ],
)
def test_durations_for_people(duration_ns: int, shown: str) -> None:
    """A duration is shown in the unit that suits it."""
    assert show_ns(duration_ns) == shown
