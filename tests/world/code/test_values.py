"""Values between a scenario and user code: every form, both ways, and the bounds."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import uuid
from collections import OrderedDict, namedtuple
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.world.code.values import Encoder, TooMuch, Unclear, decoded

BIG = 1 << 20


def told(value: Any) -> Any:
    """A result as the trace has it; read as strictly as fozzy reads."""
    return msgspec.json.decode(Encoder(BIG).encode(value))


class Color(enum.Enum):
    RED = "red"
    ODD = object()


class Level(enum.IntEnum):
    HIGH = 3


class Price(float):
    def __float__(self) -> float:
        raise AssertionError("never asked")


class Odd:
    """Its repr holds an address."""


@dataclasses.dataclass
class Point:
    x: int
    y: tuple[int, ...] = ()
    kind: Any = dataclasses.field(default=None, repr=False)


class Shape(msgspec.Struct):
    name: str


Pair = namedtuple("Pair", "a b")  # noqa: PYI024 - what old code has

FORMS: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (1 << 62, 1 << 62),
    (1 << 63, {"$int": "9223372036854775808"}),
    (-(1 << 63), -(1 << 63)),
    (0.1, 0.1),
    (math.inf, {"$float": "inf"}),
    (-math.inf, {"$float": "-inf"}),
    ("ä☃😀", "ä☃😀"),
    ("a\\\udc80", {"$str": "a\\\\\\udc80"}),
    (b"\x00\xff", {"$bytes": "AP8="}),
    (b"", {"$bytes": ""}),
    ([1, [2]], [1, [2]]),
    ({"a": {"b": 1}}, {"a": {"b": 1}}),
    ({1: "a", None: 2}, {"$dict": [[1, "a"], [None, 2]]}),
    ({"$bytes": "x"}, {"$dict": [["$bytes", "x"]]}),
    ({"\ud800": 1}, {"$dict": [[{"$str": "\\ud800"}, 1]]}),
]

ONE_WAY: list[tuple[Any, Any]] = [
    ((1, 2), [1, 2]),
    (Pair(1, 2), [1, 2]),
    ({3, 10, 2}, [2, 3, 10]),
    ({"b", "a"}, ["a", "b"]),
    (frozenset([1, "a", None, (1,)]), ["a", 1, [1], None]),
    (bytearray(b"a"), {"$bytes": "YQ=="}),
    (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    (Color.RED, "red"),
    (Level.HIGH, 3),
    (Price(1.5), 1.5),
    (Point(1, (2,)), {"x": 1, "y": [2], "kind": None}),
    (Shape("a"), {"name": "a"}),
    (datetime.datetime(2024, 2, 3, 4, 5), "2024-02-03T04:05:00"),
    (datetime.date(2024, 2, 3), "2024-02-03"),
    (datetime.timedelta(1), {"$type": "datetime.timedelta"}),
    (decimal.Decimal("1.10"), "1.10"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Odd(), {"$type": f"{Odd.__module__}.Odd"}),
    (iter([]), {"$type": "list_iterator"}),
    (1j, {"$type": "complex"}),
    (Odd, {"$type": "type"}),
    (Color.ODD, {"$type": "object"}),
]


@pytest.mark.parametrize(("value", "form"), FORMS, ids=range(len(FORMS)))
def test_a_form_goes_both_ways(value: Any, form: Any) -> None:
    """A value is told in its form, and the form gives the value back."""
    assert told(value) == form
    assert decoded(form) == value
    assert type(decoded(form)) is type(value)


def test_a_number_that_is_none_goes_both_ways() -> None:
    """NaN, which equals nothing, has a form too."""
    assert told(math.nan) == {"$float": "nan"}
    assert math.isnan(decoded({"$float": "nan"}))


def test_a_number_of_many_digits_is_told_whole() -> None:
    """Python refuses to write a number of more than 4300 digits in tens; it comes back all the same."""
    number = 7**20_000
    assert decoded(told(number)) == number
    assert decoded(told(-number)) == -number


@pytest.mark.parametrize(("value", "form"), ONE_WAY, ids=range(len(ONE_WAY)))
def test_what_has_no_form_is_told_by_what_it_holds_or_by_its_type(value: Any, form: Any) -> None:
    """Nothing is told by its repr."""
    assert told(value) == form


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()) | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()) | st.integers(), inner),
    )
)
def test_every_value_made_of_these_comes_back(value: Any) -> None:
    """Encoding and decoding lose nothing, halves of characters and keys that are no text included."""
    assert decoded(told(value)) == value


@pytest.mark.parametrize(
    "argument",
    [
        {"$bytes": "a"},
        {"$bytes": 1},
        {"$float": "1"},
        {"$int": "x"},
        {"$str": '"'},
        {"$dict": [1]},
        {"$dict": [[[], 1]]},
        {"$type": "set"},
    ],
)
def test_a_form_that_makes_no_sense_is_refused(argument: Any) -> None:
    """What has a form and is not in it is named."""
    with pytest.raises(Unclear, match=next(iter(argument)).replace("$", r"\$")):
        decoded([argument])


def test_an_object_with_more_than_a_form_is_an_object() -> None:
    """Only a form that stands alone is one."""
    assert decoded({"$bytes": "x", "b": 1}) == {"$bytes": "x", "b": 1}


def cycle() -> Any:
    made: list[Any] = []
    made.append(made)
    return made


@pytest.mark.parametrize(
    ("value", "how"),
    [
        ("x" * 1001, "larger"),
        (b"x" * 800, "larger"),
        ([None] * 501, "larger"),
        (["é"] * 200, "larger"),
        ({"x" * 1001: 1}, "larger"),
        (cycle(), "deeper"),
        (json.loads("[" * 120 + "]" * 120), "deeper"),
    ],
    ids=range(7),
)
def test_a_result_is_bounded(value: Any, how: str) -> None:
    """A result larger than allowed, as JSON, or nested too deep, is told as that."""
    with pytest.raises(TooMuch, match=how):
        Encoder(1000).encode(value)


def test_a_result_at_its_bound_is_whole() -> None:
    """The bound itself is allowed."""
    assert len(Encoder(1000).encode("x" * 998)) == 1000
