"""Distributed scenarios: what is valid, and that every node must be declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fozzy.dsl.cluster.nodes import NODES_MAX

if TYPE_CHECKING:
    from tests.conftest import Problems

Json = dict[str, Any]
STEPS = [
    {"type": "client_put", "node": "n0", "key": "k", "value": 1},
    {"type": "client_get_assert", "node": "n1", "key": "k", "equals": None},
    {"type": "client_get_assert", "node": "n1", "key": "k", "is_null": True},
    {"type": "partition", "a": "n0", "b": "n1"},
    {"type": "heal", "a": "n1", "b": "n0"},
    {"type": "crash", "node": "n0"},
    {"type": "restart", "node": "n0"},
    {"type": "tick", "duration": "5ms"},
]
INVARIANTS = [
    {"type": "kv_all_equal", "key": "k"},
    {"type": "kv_present_on_all", "key": "k"},
    {"type": "kv_node_equals", "node": "n1", "key": "k", "equals": 1},
]


def cluster(**more: Any) -> Json:
    whole = {"node_count": 2, "steps": STEPS, "invariants": INVARIANTS, **more}
    given = {name: value for name, value in whole.items() if value is not None}
    return {"version": 1, "name": "n", "distributed": given}


@pytest.mark.parametrize("nodes", [{}, {"node_count": None, "nodes": ["n0", "n1"]}, {"node_count": NODES_MAX}])
def test_every_step_and_invariant_is_known(problems: Problems, nodes: Json) -> None:
    """A cluster by count or by names, with each step and invariant, is valid."""
    assert problems(cluster(**nodes)) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"node_count": None}, "missing_field"),
        ({"nodes": ["n0", "n1"]}, "exclusive"),
        ({"node_count": 0}, "bad_value"),
        ({"node_count": NODES_MAX + 1}, "bad_value"),
        ({"node_count": None, "nodes": ["n0", "n1", "n0"]}, "bad_value"),
        ({"node_count": None, "nodes": []}, "empty"),
        ({"steps": []}, "empty"),
        ({"steps": [{"type": "partition", "a": "n0", "b": "n0"}]}, "bad_value"),
        ({"steps": [{"type": "sleep", "duration": "1ms"}]}, "unknown_step"),
        ({"invariants": [{"type": "kv_all_eqal", "key": "k"}]}, "unknown_step"),
        (
            {"steps": [{"type": "client_get_assert", "node": "n0", "key": "k", "equals": None, "is_null": True}]},
            "exclusive",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_is_refused(problems: Problems, changed: Json, code: str) -> None:
    """Nodes are declared once and in one way, links join two nodes, steps and invariants are known."""
    assert f"scenario.{code}" in [problem.code for problem in problems(cluster(**changed))]


@pytest.mark.parametrize(
    "part",
    [
        {"steps": [{"type": "crash", "node": "n2"}]},
        {"steps": [{"type": "heal", "a": "n0", "b": "n2"}]},
        {"invariants": [{"type": "kv_node_equals", "node": "n2", "key": "k", "equals": 1}]},
    ],
    ids=str,
)
def test_no_node_is_invented(problems: Problems, part: Json) -> None:
    """A node that was not declared is a problem at its name that lists those that were."""
    found = problems(cluster(**part))
    assert [(problem.code, problem.hint) for problem in found] == [("scenario.unknown_node", "declared are n0, n1")]
    assert found[0].text[found[0].where.col - 1 :].startswith('"n2"')  # type: ignore[union-attr]


def test_one_problem_hides_no_other(problems: Problems) -> None:
    """An undeclared node is reported beside a step that is wrong in itself, in the order of the file."""
    steps = [{"type": "crash", "node": "n2"}, {"type": "crsh", "node": "n0"}, {"type": "heal", "a": "n9", "b": "n1"}]
    codes = [problem.code for problem in problems(cluster(steps=steps))]
    assert codes == ["scenario.unknown_node", "scenario.unknown_step", "scenario.unknown_node"]


def test_unknown_nodes_are_not_guessed(problems: Problems) -> None:
    """Where the nodes themselves are written wrongly, that alone is the problem."""
    found = problems(cluster(node_count=None, nodes="n0"))
    assert [problem.code for problem in found] == ["scenario.bad_value"]
