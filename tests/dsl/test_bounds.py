"""What a value may be: finite, of whole characters, of bounded depth and size."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.limits import DEPTH_MAX
from fozzy.dsl.bounds import (
    DIGITS_MAX,
    SIZE_MAX,
    deepest,
    excess,
    may_hold_halves,
    number,
    unusable,
    whole_number,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def nested(depth: int) -> Any:
    value: Any = 1
    for index in range(depth):
        value = [value] if index % 2 else {"a": value}
    return value


@given(JSON)
def test_an_ordinary_value_is_usable(value: Any) -> None:
    """Nothing is found in a value that JSON can hold."""
    assert list(unusable(value, ())) == [] and excess(value) == ""


@pytest.mark.parametrize("depth", [0, 1, 5, DEPTH_MAX, DEPTH_MAX + 1])
def test_depth_is_counted(depth: int) -> None:
    """The depth is that of lists and objects in each other; a scalar has none."""
    assert deepest(nested(depth)) == depth


def test_depth_is_bounded() -> None:
    """What is deeper than the limit is known to be, without an end to the counting or the stack."""
    assert deepest(nested(100_000)) == DEPTH_MAX + 1
    assert "deeper" in excess(nested(100_000))


def test_size_counts_what_is_shared_again() -> None:
    """A value that holds another twice is twice as large; doubling is stopped while it is still cheap."""
    value: Any = "x" * 100
    for _ in range(40):
        value = [value, value]
    assert "larger" in excess(value)
    assert "larger" in excess("x" * (SIZE_MAX + 1))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "finite"),
        (float("-inf"), "finite"),
        ("a\ud800", "half a character"),
        (datetime.date(2020, 1, 1), "date"),
        (datetime.datetime(2020, 1, 1), "date"),
        (datetime.time(1), "date"),
        (10**DIGITS_MAX, "digits"),
        (-(10**DIGITS_MAX), "digits"),
    ],
)
def test_what_no_trace_can_hold_is_found_where_it_is(value: Any, said: str) -> None:
    """Dates, infinities, halves of characters and endless numbers are found at their path, in any depth."""
    found = list(unusable({"a": [1, {"b": value}]}, ()))
    assert [path for path, _, _ in found] == [("a", 1, "b")]
    assert said in found[0][1]


def test_a_key_is_a_text_too() -> None:
    """Half a character in a key is found at the key."""
    assert [path for path, _, _ in unusable({"a": {"\udfff": 1}}, ())] == [("a", "\udfff")]


def test_numbers_have_bounds() -> None:
    """Whole numbers up to the limit are read; longer ones and those beyond a double are ValueErrors."""
    assert whole_number("9" * DIGITS_MAX) == 10**DIGITS_MAX - 1
    assert number("1e308") == 1e308
    for read, text in ((whole_number, "9" * (DIGITS_MAX + 1)), (whole_number, "9" * 10**5), (number, "-1e999")):
        with pytest.raises(ValueError):
            read(text)


@pytest.mark.parametrize(
    ("text", "may"), [(r'"\ud800"', True), (r'"\uDFFF"', True), (r'"\ud7ff"', False), ('"\U0001f600"', False)]
)
def test_halves_are_seen_in_the_text(text: str, may: bool) -> None:
    """The escapes of surrogates are seen without decoding; other characters are not."""
    assert may_hold_halves(text) is may
