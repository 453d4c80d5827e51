"""Clients that call nodes over and over."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.core.choice import CHANCES
from fozzy.dsl.steps.cluster import ClientOperation, Workload


@pytest.mark.parametrize(
    "written",
    [
        1,
        [1],
        {},
        {"any": [1, 2], "int": 5},
        {"all": [1]},
        {"any": [1, None]},
        {"int": [-5, 9]},
        {"int": [3, 3]},
        {"unique": True},
    ],
    ids=str,
)
def test_an_argument_is_a_value_or_made(written: Any) -> None:
    """An object with one of the known words alone makes a value; everything else is the value itself."""
    assert list(ClientOperation(op="put", args={"x": written}).check()) == []


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ({"any": []}, ("any",)),
        ({"any": 1}, ("any",)),
        ({"int": [1]}, ("int",)),
        ({"int": [1, True]}, ("int",)),
        ({"int": [1.0, 2]}, ("int",)),
        ({"int": [2, 1]}, ("int", 1)),
        ({"int": [0, CHANCES]}, ("int", 1)),
        ({"unique": False}, ("unique",)),
    ],
    ids=str,
)
def test_an_argument_that_cannot_be_made(written: Any, path: tuple[Any, ...]) -> None:
    """Nothing to choose from, ends that are none or the wrong way round, and a unique that is not are told."""
    assert [issue.path for issue in ClientOperation(op="put", args={"x": written}).check()] == [("args", "x", *path)]


def test_operations_are_methods() -> None:
    """An operation is the name of a public method."""
    assert [issue.path for issue in ClientOperation(op="__init__").check()] == [("op",)]


@pytest.mark.parametrize("more", [{"clients": 0}, {"count": 0}, {"operations": []}, {"pause": "1"}, {"clients": 1025}])
def test_what_is_no_workload(more: dict[str, Any]) -> None:
    """A workload has clients, operations, and pauses with a unit."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "workload", "operations": [{"op": "get"}], **more}, Workload)


def test_the_usual_workload() -> None:
    """Two clients do twenty operations each, without waiting, while the next step goes on."""
    made = msgspec.convert({"type": "workload", "operations": [{"op": "get"}]}, Workload)
    assert (made.clients, made.count, made.pause, made.wait, made.operations[0].weight) == (2, 20, None, False, 1)
