"""The steps that compare values: when they hold, and what they say when they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

HOLD = [
    {"type": "assert_ok", "value": True},
    {"type": "assert_eq_int", "a": -3, "b": -3},
    {"type": "assert_eq_int", "a": 10**40, "b": 10**40},
    {"type": "assert_ne_int", "a": 1, "b": 2},
    {"type": "assert_eq_str", "a": "", "b": ""},
    {"type": "assert_eq_str", "a": "ü\u0000", "b": "ü\u0000"},
    {"type": "assert_ne_str", "a": "e\u0301", "b": "\u00e9"},
]
FAIL = [
    ({"type": "assert_ok", "value": False}, "the value is false", "false"),
    ({"type": "assert_eq_int", "a": 1, "b": 2}, "1 is not 2", "1"),
    ({"type": "assert_ne_int", "a": 7, "b": 7}, "both are 7", "7"),
    ({"type": "assert_eq_str", "a": "x", "b": "X"}, '"x" is not "X"', '"x"'),
    ({"type": "assert_ne_str", "a": "x", "b": "x"}, 'both are "x"', '"x"'),
]


@pytest.mark.parametrize("step", HOLD, ids=lambda step: step["type"])
def test_a_true_comparison_holds(play: Play, step: dict[str, Any]) -> None:
    """A comparison that is true passes and finds nothing."""
    played = play([step])
    assert (played.status, played.findings) == ("pass", [])


@pytest.mark.parametrize(("step", "message", "pointed_at"), FAIL, ids=lambda value: str(value)[:24])
def test_a_false_comparison_fails(play: Play, step: dict[str, Any], message: str, pointed_at: str) -> None:
    """A comparison that is false fails as an assertion, titled by its type, pointing at the first value."""
    played = play([step])
    finding = played.finding
    assert played.status == "fail"
    assert (finding.kind, finding.title, finding.message) == ("assertion", step["type"], message)
    assert played.pointed_at == pointed_at


@pytest.mark.parametrize("step", [step for step, _, _ in FAIL], ids=lambda step: step["type"])
def test_msg_replaces_the_message(play: Play, step: dict[str, Any]) -> None:
    """`msg` is what the failure says; title and kind stay."""
    finding = play([{**step, "msg": "the card was charged twice"}]).finding
    assert (finding.message, finding.title) == ("the card was charged twice", step["type"])


def test_both_values_are_in_the_details(play: Play) -> None:
    """A failed comparison keeps both values for whoever reads the document."""
    location = play([{"type": "assert_eq_str", "a": "l", "b": "r"}]).finding.location
    assert location is not None and location.details == {"a": "l", "b": "r"}


@pytest.mark.parametrize(
    "step",
    [
        {"type": "assert_ok", "value": 1},
        {"type": "assert_ok", "value": "true"},
        {"type": "assert_eq_int", "a": 1.0, "b": 1},
        {"type": "assert_eq_int", "a": True, "b": 1},
        {"type": "assert_eq_int", "a": "1", "b": 1},
        {"type": "assert_eq_str", "a": 1, "b": "1"},
        {"type": "assert_eq_str", "a": None, "b": ""},
    ],
    ids=str,
)
def test_values_of_another_type_are_refused(problems: Problems, step: dict[str, Any]) -> None:
    """Nothing is converted in silence: a value of another type is a problem of the file."""
    found = problems({"version": 1, "name": "n", "steps": [step]})
    assert [problem.code for problem in found] == ["scenario.bad_value"]
