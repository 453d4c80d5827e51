"""Example values: each satisfies what it is an example of, and none is given where none is clear."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.dsl.steps.answers import AnswerCheck
from fozzy.dsl.steps.conditions import TYPES
from fozzy.dsl.steps.examples import TYPED, example_body, example_json, example_of, example_text
from fozzy.dsl.steps.matchers import agrees
from fozzy.dsl.steps.store import MISSING


def checks(*made: dict[str, Any]) -> list[AnswerCheck]:
    """Checks as a scenario has them."""
    return msgspec.convert([{"at": "$.a", **each} for each in made], list[AnswerCheck])


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", ""),
        ("^ord_", "ord_"),
        (r"^\d{4}-\d{2}-\d{2}", "1111-11-11"),
        ("^[^a-z]+$", "1"),
        (r"a\.b?c*d{2,3}e", "a.dde"),
        ("^(open|closed)$", "open"),
        ("(?P<year>[0-9]{2,})x", "11x"),
        (r"^https?://[\w.-]+/$", "http://a/"),
        ("a|b", "a"),
        (r"(?i)^text$", "text"),
        ("x" * 2000, MISSING),
        ("a{2000}", MISSING),
        (r"^(a)\1$", MISSING),
        ("^((a))-$", MISSING),
        ("(", MISSING),
    ],
)
def test_a_text_for_a_pattern(pattern: str, text: Any) -> None:
    """A simple pattern is written out; where that is not clear an ordinary text is tried, and then there is none."""
    assert example_text(pattern) == text


@given(st.text(alphabet="ab1.^$*+?{}()[]|\\d-,", max_size=12))
def test_every_text_matches(pattern: str) -> None:
    """Whatever the pattern is, a text that is given matches it."""
    text = example_text(pattern)
    if text is not MISSING:
        assert re.search(pattern, text)


@pytest.mark.parametrize(
    ("made", "value"),
    [
        ([{"equals": {"b": 1}}], {"b": 1}),
        ([{"less": 3}], 2),
        ([{"less": 1}], 0),
        ([{"greater": 7}], 8),
        ([{"greater": "b"}], "ba"),
        ([{"greater": 1}, {"less": 3}, {"of_type": "integer"}], 2),
        ([{"contains": "x"}], "x"),
        ([{"contains": "x"}, {"of_type": "array"}], ["x"]),
        ([{"contains": "x"}, {"of_type": "object"}], {"x": None}),
        ([{"in": [5, 6]}, {"not_equals": 5}], 6),
        ([{"length": 3}], "aaa"),
        ([{"length": 3}, {"of_type": "array"}], [None, None, None]),
        ([{"exists": True}], "text"),
        ([{"exists": False}], MISSING),
        ([{"matches": "^((a))-$"}], MISSING),
        ([{"equals": 1}, {"equals": 2}], MISSING),
    ],
)
def test_a_value_for_conditions(made: list[dict[str, Any]], value: Any) -> None:
    """All conditions hold of the value at once."""
    assert example_of(checks(*made)) == value


def test_every_type_has_its_example() -> None:
    """A type that conditions know has a value here, which is of it."""
    assert TYPED.keys() == TYPES.keys()
    assert all(is_so(TYPED[name]) for name, is_so in TYPES.items())


def test_json_without_its_matchers() -> None:
    """Matchers give way to values; what none is clear for is left out, and null stands for it in a list."""
    wanted = {"a": [{"$regex": "^((a))-$"}, 1], "b": {"$regex": "^((a))-$"}, "c": {"$type": "array"}}
    assert example_json(wanted) == {"a": [None, 1], "c": []}
    assert example_json({"$regex": "^((a))-$"}) is MISSING
    good = {"a": [{"$approx": {"value": 2, "within": 1}}, {"$any": True}], "b": {"$any": 1, "c": 2}}
    assert agrees(example_json(good), good)


@pytest.mark.parametrize(
    ("paths", "body"),
    [
        ({"$": 5}, 5),
        ({"$.a": 1, "$.b.c": 2}, {"a": 1, "b": {"c": 2}}),
        ({"$.a[1].b": 1}, {"a": [None, {"b": 1}]}),
        ({"$['a b'].c": 1}, {"a b": {"c": 1}}),
        ({"$.a": "aa", "$.a[1].b": 2}, {"a": [None, {"b": 2}]}),
        ({"$.a.b": 2, "$.a": {}}, {"a": {"b": 2}}),
        ({"$[0]": 1, "$.a": 2}, [1]),
        ({"$.a[*]": 1, "$..b": 2, "$.c[99]": 3, "status": 4}, MISSING),
    ],
)
def test_a_body_for_paths(paths: dict[str, Any], body: Any) -> None:
    """A path to one value leads to it; what is looked into holds what is looked for, and other paths are left out."""
    assert example_body(checks(*({"at": at, "equals": value} for at, value in paths.items())), {}) == body


def test_a_body_for_what_is_kept() -> None:
    """What a step keeps of the body is there, as a check says it if one does."""
    assert example_body(checks({"at": "$.n", "equals": 1}), {"k": "$.n", "t": "$.t"}) == {"n": 1, "t": "text"}
    assert example_body([], {"k": "status"}) is MISSING
