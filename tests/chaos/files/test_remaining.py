"""One problem of a chaos file never hides another, and none is told that only comes of another."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.chaos.files.remaining import named_path, remaining_flaws


def told(raw: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Where something else is wrong."""
    return [flaw.path for flaw in remaining_flaws(raw)]


REVERSED = {"uniform": ["2s", "1s"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"sed": 7},
        {"seed": -7},
        {"faults": {"drop": "often"}},
        {"faults": {"status": {"codes": [99]}}},
        {"routes": [{"path": 5}]},
        {"schedule": [{}]},
        {"scenarios": {"a": {"latency": {"jitter": 9}}}},
    ],
)
def test_what_else_is_wrong_is_told(wrong: dict[str, Any]) -> None:
    """A range that is reversed, whatever value is wrong beside it."""
    assert told({**wrong, "latency": REVERSED})[0][0] == "latency"


def test_what_comes_of_a_wrong_value_is_not_told() -> None:
    """A latency without a delay is no second problem where the delay is what is wrong."""
    assert told({"latency": {"fixed": "soon"}}) == []
    assert told({"latency": {"fixed": 5, "jitter": 0.1}, "routes": [{"latency": REVERSED}]})[0][:2] == ("routes", 0)


def test_a_file_where_nothing_else_is_wrong() -> None:
    """Nothing is invented; what is no plan at all says nothing."""
    assert told({"sed": 7}) == []
    assert told({"latency": 5}) == []


def test_indices_stay_what_they_are() -> None:
    """A bad item of a list does not move the others."""
    raw = {"routes": [{"path": 5}, {"latency": REVERSED}], "schedule": [{"start": "none", "at": "1s"}]}
    found = told(raw)
    assert ("schedule", 0, "start") in found
    assert raw["routes"][0] == {"path": 5}


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ("routes[1].faults.drop is wrong", ("routes", 1, "faults", "drop")),
        ("in routes[7].faults nothing", ("routes",)),
        ("nothing is said here", ()),
        ("scenarios.a and mode", ("scenarios", "a")),
    ],
)
def test_the_path_that_a_message_names(message: str, path: tuple[Any, ...]) -> None:
    """As far as the data holds it."""
    raw = {"routes": [{}, {"faults": {"drop": 1}}], "scenarios": {"a": {}}, "mode": "x"}
    assert named_path(message, raw) == path
    assert named_path("a", raw, ("scenarios",)) == ("scenarios", "a")
