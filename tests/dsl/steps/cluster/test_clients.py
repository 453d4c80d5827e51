"""Steps in which a client calls a node."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.dsl.steps.cluster import ClusterSteps


def step(kind: str, **more: Any) -> Any:
    return msgspec.convert({"type": kind, "node": "n0", **more}, ClusterSteps)


@pytest.mark.parametrize(
    ("made", "paths"),
    [
        (step("client", op="get", args=["k"], expect=None), []),
        (step("client", op="get", args={"key": "k"}, expect_error="shop.errors.Busy"), []),
        (step("client", op="get", expect=1, expect_error="Busy"), [("expect_error",)]),
        (step("client", op="_get"), [("op",)]),
        (step("client", op="get all"), [("op",)]),
        (step("client", op="get", expect_error="not found"), [("expect_error",)]),
        (step("client", op="get", expect={"$regex": "("}), [("expect", "$regex")]),
        (step("client_get_assert", key="k", equals=None), []),
        (step("client_get_assert", key="k", is_null=False, equals=1), []),
        (step("client_get_assert", key="k", is_null=True, equals=1), [("is_null",)]),
        (step("call", function="shop.jobs:sweep", args=[1], expect=3), []),
        (step("call", function="shop.jobs.sweep"), [("function",)]),
        (step("call", function="a:b", expect=1, expect_raises="E"), [("expect_raises",)]),
        (step("call", function="a:b", expect_raises="1E"), [("expect_raises",)]),
        (step("call", function="a:b", expect={"$regex": "("}), [("expect", "$regex")]),
    ],
    ids=str,
)
def test_what_a_call_wants(made: Any, paths: list[Any]) -> None:
    """Methods are public names, functions module:name, and one thing is expected at most."""
    assert [issue.path for issue in made.check()] == paths


@pytest.mark.parametrize(("within", "poll", "paths"), [("1s", "1ms", []), ("0s", "0s", [("within",), ("poll",)])])
def test_waiting_takes_time(within: str, poll: str, paths: list[Any]) -> None:
    """How long to wait and how often to look are more than nothing."""
    made = msgspec.convert({"type": "expect_converged", "key": "k", "within": within, "poll": poll}, ClusterSteps)
    assert [issue.path for issue in made.check()] == paths


@pytest.mark.parametrize("args", ["k", 1, None])
def test_arguments_are_by_place_or_by_name(args: Any) -> None:
    """Arguments are a list or an object."""
    with pytest.raises(msgspec.ValidationError):
        step("client", op="get", args=args)
