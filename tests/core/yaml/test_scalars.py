"""A scalar means what the core schema of YAML 1.2 says."""

from __future__ import annotations

import math
from typing import Any

import pytest

from fozzy.core.yaml.scalars import is_core, plain, shown, tagged

CORE = "tag:yaml.org,2002:"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"), ("none", "none"),
        ("true", True), ("True", True), ("FALSE", False), ("tRUE", "tRUE"),
        ("yes", "yes"), ("No", "No"), ("on", "on"), ("OFF", "OFF"), ("y", "y"),
        ("0", 0), ("-0", 0), ("+12", 12), ("012", 12), ("0o17", 15), ("0x1F", 31), ("0b1", "0b1"), ("-0x1", "-0x1"),
        ("0o8", "0o8"), ("1_000", "1_000"), ("1:30", "1:30"), ("١٢", "١٢"), ("12e", "12e"), ("-", "-"), (".", "."),
        ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("-.5", -0.5), ("1e3", 1000.0), ("1E-2", 0.01), ("1.e+1", 10.0),
        (".inf", math.inf), ("-.Inf", -math.inf), ("+.INF", math.inf), ("inf", "inf"), ("1e999", math.inf),
        ("2020-01-01", "2020-01-01"), ("12:30:45", "12:30:45"), ("1.2.3", "1.2.3"), ("=", "="), ("text", "text"),
    ],
)  # fmt: skip
def test_a_plain_scalar_means_what_it_means_in_1_2(text: str, value: Any) -> None:
    """Null, truth, numbers, else text; dates, octal with a bare 0 and yes or no of YAML 1.1 are no longer there."""
    found = plain(text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text: str) -> None:
    """It is a number that is none; who loads a scenario refuses it with its place."""
    assert math.isnan(plain(text))


def test_a_number_longer_than_python_reads_is_still_too_long() -> None:
    """Its digits are cut where nobody could read them, far above what is refused."""
    assert plain("9" * 100_000) == int("9" * 4000) and plain("-" + "9" * 100_000) == -int("9" * 3999)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("12", "str", "12"), ("12", "int", 12), ("1", "float", 1.0), ("true", "bool", True), ("~", "null", None)],
)
def test_a_tag_of_the_core_schema_says_which_value(text: str, kind: str, value: Any) -> None:
    """`!!str 12` is text, `!!float 1` has a fraction."""
    found = tagged(text, CORE + kind)
    assert found == value and type(found) is type(value)


def test_other_tags_and_values_are_refused() -> None:
    """A tag of somebody's own is unknown, one of ours does not convert."""
    assert tagged("12", "!") == "12"
    for tag in ("!own", CORE + "binary", CORE + "map", "tag:x,2002:int"):
        with pytest.raises(LookupError):
            tagged("12", tag)
    for text, kind in (("x", "int"), ("1.5", "int"), ("yes", "bool"), ("x", "null"), ("x", "float")):
        with pytest.raises(ValueError, match=text):
            tagged(text, CORE + kind)
    assert tagged("-" + "9" * 400, CORE + "float") == -math.inf


def test_a_tag_is_shown_as_it_is_written() -> None:
    """The long name of a core tag is nobody's word for it."""
    assert (shown(CORE + "int"), shown("!own")) == ("!!int", "!own")
    assert is_core(CORE + "map", "map") and not is_core(CORE + "map", "seq")
