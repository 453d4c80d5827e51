"""The words of a story."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.events import Found, Net
from fozzy.report.story_words import arrival, end, finder, operation, outcome, released, sides, strike, when


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "split", "kind": "partition", "between": [["n0"], ["n1", "n2"]]}, "split (partition) n0 | n1 n2"),
        (
            {"name": "partition2", "kind": "partition", "between": [["n0"], ["n1"]], "oneway": True},
            "partition2 n0 -> n1",
        ),
        ({"name": "crash", "kind": "crash", "node": "n1"}, "crash n1"),
        ({"name": "restart", "kind": "restart", "node": "n1"}, "restart n1: it loses power"),
        (
            {"name": "latency", "kind": "latency", "from": "any", "to": "n1", "add_ns": 50_000_000},
            "latency +50ms any -> n1",
        ),
        ({"name": "loss", "kind": "loss", "from": "n0", "to": "any", "rate": 0.25}, "loss 25% of n0 -> any"),
    ],
)
def test_a_fault_says_what_it_strikes(fields: dict[str, Any], said: str) -> None:
    """The name it has in the file, its kind where the name does not say it, and what it strikes."""
    assert strike(fields) == said


def test_a_fault_says_what_its_end_means() -> None:
    """A machine starts again or goes on; links only mend."""
    assert end({"name": "restart", "kind": "restart", "node": "n1"}) == "restart ends: n1 starts again"
    assert end({"name": "nap", "kind": "pause", "node": "n1"}) == "nap (pause) ends: n1 goes on"
    assert end({"name": "loss", "kind": "loss"}) == "loss ends"


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("a", "b"), ("b", "a")], "a | b"),
        ([("a", "b"), ("a", "c"), ("b", "a"), ("c", "a")], "a | b c"),
        ([("a", "c"), ("b", "c"), ("c", "a"), ("c", "b")], "a b | c"),
        ([("a", "b")], "a -> b"),
        ([("a", "b"), ("c", "d")], "a -> b, c -> d"),
    ],
)
def test_links_are_told_as_two_groups(pairs: list[tuple[str, str]], said: str) -> None:
    """Where links are all those between two groups, the groups are told."""
    assert sides(pairs) == said


@pytest.mark.parametrize(
    ("op", "args", "said"),
    [
        ("put", ["x", 1], "put x=1 -> n0"),
        ("get", ["x"], "get x -> n0"),
        ("put", {"key": "x", "value": "two words"}, 'put x="two words" -> n0'),
        ("buy", {"order": "tea", "cents": 450}, "buy order=tea cents=450 -> n0"),
        ("charged", ["tea"], "charged tea -> n0"),
        ("stock", [], "stock -> n0"),
        ("say", [""], 'say "" -> n0'),
        ("stock", None, "stock -> n0"),
    ],
)
def test_an_operation_is_told_with_its_arguments(op: str, args: Any, said: str) -> None:
    """Plain words stand without quotes; what is asked of whom is there."""
    assert operation({"op": op, "args": args, "node": "n0"}) == said


def test_an_outcome_is_a_value_ok_or_an_error() -> None:
    """A slow one says how long it took."""
    assert outcome({"ok": None}, 0) == "ok"
    assert outcome({"ok": [1]}, 99_000_000) == "[1]"
    assert outcome({"ok": None}, 1_500_000_000) == "ok after 1.500s"
    assert outcome({"error": "TimeoutError"}, 0) == "✗ TimeoutError"


def test_what_arrives_is_told_where_it_matters() -> None:
    """Messages always, what a stream carries only when it was held."""
    assert arrival(Net(0, "", "message", "n0>n1"), "n0", False) == "gets a message from n0"
    assert arrival(Net(0, "", "data", "n0>n1#1", 1), "n0", False) == ""
    assert arrival(Net(0, "", "data", "n0>n1#1", 1), "n0", True) == "gets 1 byte from n0, held until now"
    assert released(1) == "1 held message goes on" and released(2) == "2 held messages go on"


def test_a_finding_belongs_to_a_node_or_a_check() -> None:
    """The node stands in its place."""
    assert finder(Found(0, "distributed.nodes.n1", "hang", "deadlock", "m")) == "n1"
    assert finder(Found(0, "distributed.steps[1]", "assertion", "client", "m")) == "check"


@pytest.mark.parametrize(
    ("at_ns", "said"),
    [(0, "0ms"), (999_999_999, "999ms"), (10**9, "1.000s"), (59_999_999_999, "59.999s"), (62_500_000_000, "1m02.500s")],
)
def test_instants_are_told_to_the_millisecond(at_ns: int, said: str) -> None:
    """Nothing is rounded up to what has not begun."""
    assert when(at_ns) == said
