"""What names a node goes with it, and names and steps that are meant hold still while others go."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.search.clusters import (
    by_origin,
    item_without,
    named,
    named_in,
    names_of,
    numbered,
    runs_itself,
    without_machines,
    work_of,
)

STEPS = [f"distributed.steps[{index}]" for index in range(4)]


def test_faults_and_workloads_keep_the_names_they_had() -> None:
    """One that is told apart by a number is called so for good; the first of its kind needs no name."""
    crash = {"kind": "crash", "node": "n0", "at": "1s"}
    work: dict[str, Any] = {"type": "workload", "operations": [{"op": "get"}]}
    made = named({"faults": [crash, crash, {**crash, "name": "mine"}], "steps": [work, {"type": "heal_all"}, work]})
    assert [fault.get("name") for fault in made["faults"]] == [None, "crash2", "mine"]
    assert [step.get("name") for step in made["steps"]] == [None, None, "workload2"]


def test_a_fault_means_its_step_by_where_it_stood_at_first() -> None:
    """When steps go it means the same one; when that one goes the next, else the last that is left."""
    fault = by_origin({"kind": "crash", "node": "n0", "at": {"step": 2}}, STEPS)
    between = by_origin({"kind": "crash", "node": "n0", "at": {"step": [1, 3]}}, STEPS)
    assert numbered(fault, STEPS)["at"] == {"step": 2}
    assert numbered(fault, STEPS[1:])["at"] == {"step": 1}
    assert numbered(fault, [STEPS[0], STEPS[3]])["at"] == {"step": 1}
    assert numbered(fault, STEPS[:2])["at"] == {"step": 1}
    assert numbered(between, STEPS[2:])["at"] == {"step": [0, 1]}
    assert numbered({"kind": "crash", "at": {"within": ["0s", "1s"]}}, STEPS)["at"] == {"within": ["0s", "1s"]}


@pytest.mark.parametrize(
    ("cluster", "gone", "left"),
    [
        ({"node_count": 4}, ["n3"], {"node_count": 3}),
        ({"node_count": 4}, ["n1"], {"nodes": ["n0", "n2", "n3"]}),
        ({"nodes": ["a", "b", "c"]}, ["a", "c"], {"nodes": ["b"]}),
        ({"nodes": {"a": {"builtin": "kv"}, "b": {}}}, ["b"], {"nodes": {"a": {"builtin": "kv"}}}),
        (
            {"nodes": ["a", "b"], "network": {"loss": 0.1, "links": [{"from": "a", "to": "b"}]}},
            ["b"],
            {"nodes": ["a"], "network": {"loss": 0.1, "links": []}},
        ),
    ],
)
def test_a_node_goes(cluster: dict[str, Any], gone: list[str], left: dict[str, Any]) -> None:
    """From whichever form it is declared in, with its links; the names of the others stay."""
    assert without_machines(cluster, gone) == left
    assert set(names_of(left)) == set(names_of(cluster)) - set(gone)


@pytest.mark.parametrize(
    ("item", "left"),
    [
        ({"type": "client_put", "node": "a", "key": "k"}, None),
        ({"type": "client_put", "node": "b", "key": "k"}, {"type": "client_put", "node": "b", "key": "k"}),
        ({"type": "partition", "a": "b", "b": "a"}, None),
        ({"kind": "crash", "node": {"any": ["a", "b"]}}, {"kind": "crash", "node": {"any": ["b"]}}),
        ({"kind": "crash", "node": {"any": ["a"]}}, None),
        ({"kind": "loss", "from": "a", "rate": 1}, None),
        ({"kind": "loss", "rate": 1}, {"kind": "loss", "rate": 1}),
        ({"kind": "partition", "between": [["a", "b"], ["c"]]}, {"kind": "partition", "between": [["b"], ["c"]]}),
        ({"kind": "partition", "between": [["a"], ["c"]]}, None),
        ({"type": "kv_node_equals", "node": "a", "key": "k", "equals": 1}, None),
        (
            {"type": "workload", "operations": [{"op": "x", "node": "a"}, {"op": "y"}]},
            {"type": "workload", "operations": [{"op": "y"}]},
        ),
        (
            {"type": "workload", "operations": [{"op": "x", "node": {"any": ["a", "b"]}}]},
            {"type": "workload", "operations": [{"op": "x", "node": {"any": ["b"]}}]},
        ),
        ({"type": "workload", "operations": [{"op": "x", "node": "a"}]}, None),
    ],
)
def test_what_names_a_node_goes_with_it(item: dict[str, Any], left: dict[str, Any] | None) -> None:
    """Wholly where it is about that node, in part where it names others too."""
    assert item_without(item, ["a"]) == left
    assert left is None or "a" not in named_in(left)


def test_work_and_programs_are_known() -> None:
    """Clients times operations, with the usual numbers where nothing is said; builtin nodes do nothing by themselves."""
    assert (work_of({}), work_of({"clients": 3, "count": 4})) == (40, 12)
    assert runs_itself({"nodes": ["a"], "program": "m:f"})
    assert runs_itself({"nodes": {"a": {"builtin": "kv"}, "b": {"program": "m:f"}}})
    assert not runs_itself({"node_count": 3})
