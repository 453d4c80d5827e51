"""Workloads become as small as they go, and what is left of them does what it did."""

from __future__ import annotations

from typing import Any

from fozzy.core.events import Draw
from fozzy.search.script import script_of
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.passes.clients import drop_clients
from fozzy.search.shrink.workloads import Side, client_names, operations_of
from fozzy.search.subject import Candidate, Failure, Tape

KINDS = [
    {"op": "get", "args": {"key": "k"}},
    {"op": "put", "args": {"key": {"any": ["a", "b", "c"]}, "value": 1}, "weight": 2},
]


def gate_of(plant: Any, fails: Any, draws: dict[str, list[int]], at: str = "distributed", **more: Any) -> Gate:
    step = {"type": "workload", "clients": 5, "count": 4, "operations": KINDS, **more}
    raw = {"version": 1, "name": "n", "distributed": {"nodes": ["a", "b"], "steps": [step]}}
    failure = Failure("checker", "planted", at)
    tape = Tape(
        tuple(
            Draw(0, f"distributed.clients.{who}", f"workload.{who}", 0, 9, each)
            for who, values in draws.items()
            for each in values
        )
    )
    subject = plant.subject(lambda candidate: fails(candidate) and failure)
    return Gate(subject, Candidate(script_of(raw), tape), failure, 60 * 10**9)


def done(candidate: Candidate) -> list[tuple[str, str, Any]]:
    """What clients did: operation, node, key."""
    step = next(candidate.script.nodes()).fields
    side, found = Side(step, candidate.script.machines), []
    for client in client_names(step):
        for each in operations_of(side, client, candidate.tape.draws):
            kind = step["operations"][each.kind]
            found.append((kind["op"], each.node, each.args.get("key", kind["args"]["key"])))
    return found


def test_the_two_clients_that_matter_stay(plant: Any) -> None:
    """Wherever they stand among five, with what they drew."""
    draws = {f"workload.{index}": [1, index % 2, index % 3] for index in range(5)}

    def fails(candidate: Candidate) -> bool:
        keys = [(node, key) for _, node, key in done(candidate)]
        return ("b", "b") in keys and ("a", "b") in keys

    gate = gate_of(plant, fails, draws, count=1)
    drop_clients(gate)
    step = next(gate.best.script.nodes()).fields
    assert step["clients"] == 2
    assert sorted(draw.label for draw in gate.best.tape.draws)[0] == "workload.workload.0"
    assert fails(gate.best)


def test_operations_and_kinds_go(plant: Any) -> None:
    """What a client did before and after the one that matters is not done any more, and nothing is drawn any more."""
    draws = {"workload.0": [0, 1, 1, 1, 1, 0, 0, 2, 0, 2]}
    step_count = 4

    def fails(candidate: Candidate) -> bool:
        step = next(candidate.script.nodes()).fields
        fixed = [kind for kind in step["operations"] if kind.get("node") == "b" and kind["args"]["key"] == "b"]
        return bool(fixed) or ("put", "b", "b") in done(candidate)

    gate = gate_of(plant, fails, draws, clients=1, count=step_count)
    assert ("put", "b", "b") in done(gate.best)
    drop_clients(gate)
    step = next(gate.best.script.nodes()).fields
    assert (step["clients"], step["count"]) == (1, 1)
    assert [(kind["op"], kind["node"], kind["args"]["key"]) for kind in step["operations"]] == [("put", "b", "b")]
    assert not gate.best.tape.loud


def test_a_failing_client_keeps_its_name(plant: Any) -> None:
    """Those before it stay, since they are what its number counts."""
    gate = gate_of(plant, lambda _each: True, {}, at="distributed.clients.workload.2")
    drop_clients(gate)
    assert next(gate.best.script.nodes()).fields["clients"] == 3
