"""Matchers inside expected JSON: what they let through, what they do not, and how they must be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.dsl.steps.matchers import NAMES, agrees, check_matchers
from fozzy.dsl.steps.store import same

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

Json = dict[str, Any]
HUGE = 10**400

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)

AGREE: list[tuple[Any, Any]] = [
    (None, {"$any": True}),
    ({"a": []}, {"$any": True}),
    ("abc", {"$regex": "b"}),
    (1, {"$type": "integer"}),
    (1.5, {"$type": "number"}),
    (None, {"$type": "null"}),
    (1.0000001, {"$approx": 1}),
    (0, {"$approx": 0}),
    (-2.0000001, {"$approx": -2}),
    (1.6, {"$approx": {"value": 1.5, "within": 0.1}}),
    (HUGE, {"$approx": HUGE + 1}),
    (HUGE, {"$approx": {"value": HUGE, "within": 0}}),
    ({"a": [1, "x"], "b": 2}, {"a": [{"$any": True}, {"$regex": "x"}], "b": {"$type": "number"}}),
    ({"$any": 1, "b": 2}, {"$any": 1, "b": 2}),
    ({"$every": 1}, {"$every": 1}),
]

DIFFER: list[tuple[Any, Any]] = [
    (5, {"$regex": "5"}),
    ("abc", {"$regex": "^b"}),
    (True, {"$type": "integer"}),
    (1.1, {"$approx": 1}),
    (True, {"$approx": 1}),
    ("1", {"$approx": 1}),
    (None, {"$approx": 0}),
    (1.61, {"$approx": {"value": 1.5, "within": 0.1}}),
    (HUGE, {"$approx": 1.5}),
    (1, {"$approx": {"value": 1, "within": -1}}),
    ({"a": 1}, {"a": {"$any": True}, "b": {"$any": True}}),
    ({"a": 1, "b": 2}, {"a": {"$any": True}}),
    ([1, 2], [{"$any": True}]),
    ([], {"$type": "object"}),
    ({"$any": True}, {"$any": 1, "b": 2}),
]


@pytest.mark.parametrize(("value", "wanted"), AGREE, ids=str)
def test_what_agrees(value: Any, wanted: Any) -> None:
    """A matcher stands for every value it describes, at any depth; around it everything is exact."""
    assert agrees(value, wanted)


@pytest.mark.parametrize(("value", "wanted"), DIFFER, ids=str)
def test_what_differs(value: Any, wanted: Any) -> None:
    """A matcher stands for nothing else; a member of an object that is not there is no `$any`."""
    assert not agrees(value, wanted)


@given(value=values, other=values)
def test_without_matchers_it_is_equality(value: Any, other: Any) -> None:
    """Plain values agree exactly when they are the same."""
    assert agrees(value, value) and agrees(value, other) == same(value, other)


@given(value=values, matcher=st.sampled_from([{"$any": 1}, {"$type": "text"}, {"$regex": 5}, {"$approx": "1"}]))
def test_what_no_matcher_can_be_never_raises(value: Any, matcher: Json) -> None:
    """A matcher that a reference spoiled matches or does not; it never breaks the run."""
    assert agrees(value, matcher) in (True, False)


GOOD: list[Any] = [
    {"$any": True},
    [{"a": {"$regex": "^${x}$"}}],
    {"$type": "null"},
    {"$approx": 1.5},
    {"$approx": {"value": 1, "within": 0}},
    {"$approx": "${x}"},
    {"$type": "${x}"},
    {"$approx": {"value": "${x}", "within": 0.5}},
    {"$anything": 1},
]
BAD: list[tuple[Any, str, str]] = [
    ({"$any": False}, "$any", '"$any" must be true'),
    ({"a": [{"$regex": 5}]}, "$regex", '"$regex" must be text'),
    ({"$regex": "("}, "$regex", "this is not a regular expression: "),
    ({"$regex": "a{99999999999999999999}"}, "$regex", "this is not a regular expression: "),
    ({"$type": "text"}, "$type", '"$type" must be one of string, number'),
    ({"$type": []}, "$type", '"$type" must be one of string, number'),
    ({"$approx": "1"}, "$approx", '"$approx" must be a number'),
    ({"$approx": True}, "$approx", '"$approx" must be a number'),
    ({"$approx": {"value": 1}}, "$approx", '"$approx" must be a number'),
    ({"$approx": {"value": 1, "within": "x"}}, "$approx", '"$approx" must be a number'),
    ({"$any": True, "b": 1}, "$any", 'a matcher stands alone, "$any" has company'),
    ({"$regex": "a", "$type": "string"}, "$regex", 'a matcher stands alone, "$regex" has company'),
]


def request(wanted: Any) -> Json:
    return {"type": "http_request", "method": "GET", "path": "/", "expect_json": wanted}


@pytest.mark.parametrize("wanted", GOOD, ids=str)
def test_what_is_well_written(problems: Problems, wanted: Any) -> None:
    """Matchers anywhere in expected JSON are valid, also when they refer to the run."""
    assert problems({"version": 1, "name": "n", "vars": {"x": 1}, "steps": [request(wanted)]}) == []


@pytest.mark.parametrize(("wanted", "at", "message"), BAD, ids=str)
def test_what_is_wrongly_written(problems: Problems, wanted: Any, at: str, message: str) -> None:
    """A matcher that cannot be is a problem on its own line, inside a block as well."""
    group = {"type": "group", "name": "g", "steps": [request(wanted)]}
    found = problems({"version": 1, "name": "n", "steps": [group]})
    assert message in found[0].message
    assert f'"{at}"' in found[0].text


def test_matchers_are_known_by_their_names() -> None:
    """Each of the four is checked; anything else that begins with a dollar sign is a member like any other."""
    for name in NAMES:
        assert list(check_matchers({name: None}, ()))
    assert not list(check_matchers({"$other": None}, ()))


def test_matchers_in_a_run(play: Play) -> None:
    """`expect_json` takes matchers whose arguments come from the run; a finding tells what was wanted."""
    when = {"type": "http_when", "method": "GET", "path": "/", "status": 200, "json": {"id": 42, "at": "2024-01-01"}}
    kept = {"id": 42, "kind": "string", "off": 0.5}
    wanted = {"id": {"$approx": {"value": "${id}", "within": "${off}"}}, "at": {"$type": "${kind}"}}
    assert play([when, request(wanted)], vars=kept).status == "pass"
    assert play([when, request({**wanted, "id": {"$approx": "${id}"}})], vars=kept).status == "pass"
    finding = play([when, request({**wanted, "at": {"$regex": "^1"}})], vars=kept).finding
    assert finding.location is not None
    assert finding.location.details["expected"]["at"] == {"$regex": "^1"}
    spoiled = play([when, request({**wanted, "id": {"$approx": "${kind}"}})], vars=kept).finding
    assert (spoiled.title, spoiled.kind) == ("bad_value", "input_invalid")
