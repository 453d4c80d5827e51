"""Nodes go with all that names them; those the failure names stay."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.events import Draw
from fozzy.search.script import script_of
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.passes.nodes import drop_nodes, is_needed, without_nodes
from fozzy.search.subject import Candidate, Failure, Tape


def script(**more: Any) -> Any:
    steps = [{"type": "client_put", "node": f"n{index}", "key": "x", "value": index} for index in range(4)]
    return script_of({"version": 1, "name": "n", "distributed": {"node_count": 4, "steps": steps, **more}})


def gate_of(plant: Any, fails: Any, at: str, **more: Any) -> Gate:
    failure = Failure("checker", "planted", at)
    subject = plant.subject(lambda candidate: fails(candidate) and failure)
    return Gate(subject, Candidate(script(**more), Tape()), failure, 60 * 10**9)


def test_all_but_the_needed_ones_go(plant: Any) -> None:
    """With the steps that name them; their names do not change."""
    gate = gate_of(plant, lambda each: "n2" in each.script.machines, "distributed")
    drop_nodes(gate)
    assert gate.best.script.machines == ("n2",)
    assert [node.fields["node"] for node in gate.best.script.nodes()] == ["n2"]


@pytest.mark.parametrize("at", ["distributed.nodes.n1", "distributed.steps[1]"])
def test_the_failing_node_stays(plant: Any, at: str) -> None:
    """Whether the failure happened at it or in a step that names it, it is not even tried without it."""
    gate = gate_of(plant, lambda _each: True, at)
    drop_nodes(gate)
    assert gate.best.script.machines == ("n1",)
    assert is_needed(gate, "n1") and not is_needed(gate, "n0")
    assert all("n1" in each.script.machines for each in gate.subject.runs)  # type: ignore[attr-defined]


def test_one_node_stays(plant: Any) -> None:
    """A cluster of none is nothing."""
    assert without_nodes(Candidate(script(), Tape()), ("n0", "n1", "n2", "n3")) is None


def test_what_was_picked_stays_picked() -> None:
    """A fault that struck one of several strikes the same one of fewer; the draws of nodes that go, go."""
    fault = {"kind": "crash", "node": {"any": ["n0", "n1", "n3"]}, "at": "1s"}
    draws = (
        Draw(0, "distributed.faults[0]", "fault.crash.pick", 0, 2, 2),
        Draw(0, "distributed.nodes.n0", "net.latency.n0>n1", 0, 9, 3),
        Draw(0, "distributed.nodes.n0", "net.latency.n0>n3", 0, 9, 4),
    )
    cut = without_nodes(Candidate(script(faults=[fault]), Tape(draws)), ("n1",))
    assert cut is not None
    assert [(draw.label, draw.value) for draw in cut.tape.draws] == [("fault.crash.pick", 1), ("net.latency.n0>n3", 4)]
    assert cut.script.raw["distributed"]["faults"][0]["node"] == {"any": ["n0", "n3"]}


def test_what_clients_did_stays_done() -> None:
    """Operations that went to nodes that are left go to these, and the others are left out."""
    work = {"type": "workload", "clients": 1, "count": 3, "operations": [{"op": "get", "args": {"key": "x"}}]}
    draws = tuple(Draw(0, "distributed.clients.workload.0", "workload.workload.0", 0, 3, value) for value in (3, 1, 2))
    cut = without_nodes(Candidate(script(steps=[work]), Tape(draws)), ("n1",))
    assert cut is not None
    assert [draw.value for draw in cut.tape.draws] == [2, 1]
