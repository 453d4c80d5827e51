"""What clients chose is read from their draws, and said again for a smaller workload."""

from __future__ import annotations

from typing import Any

from fozzy.core.events import Draw
from fozzy.core.sources import Mutated, Seeded
from fozzy.search.script import script_of
from fozzy.search.shrink.workloads import Chosen, Side, client_names, operations_of, said_again
from fozzy.search.subject import Tape
from tests.zoo.herd import run

STEP: dict[str, Any] = {
    "type": "workload",
    "clients": 2,
    "count": 3,
    "operations": [
        {"op": "get", "args": {"key": {"any": ["a", "b"]}}},
        {"op": "put", "node": {"any": ["n0", "n2"]}, "args": {"key": "c", "value": {"int": [5, 9]}}, "weight": 2},
    ],
    "pause": {"uniform": ["1ms", "9ms"]},
}
NODES = ("n0", "n1", "n2")


def drawn(*values: int, client: str = "workload.0") -> tuple[Draw, ...]:
    return tuple(Draw(0, f"distributed.clients.{client}", f"workload.{client}", 0, 99, value) for value in values)


def test_operations_are_read_from_draws() -> None:
    """Kind, node, arguments and pause, for as far as the run went."""
    tape = drawn(0, 1, 1, 7, 2, 1, 3, 0, 1)
    assert operations_of(Side(STEP, NODES), "workload.0", tape) == [
        Chosen(0, "n1", {"key": "b"}, 7),
        Chosen(1, "n2", {"value": 8}, 0),
    ]
    assert client_names({**STEP, "name": "w"}) == ["w.0", "w.1"]


def test_operations_are_said_for_fewer_kinds_and_nodes() -> None:
    """What cannot be done any more is left out, and what can means the same."""
    tape = Tape((*drawn(0, 1, 1, 7, 2, 1, 3, 4), *drawn(0, client="workload.1")))
    fewer = Side({**STEP, "operations": STEP["operations"][1:]}, ("n1", "n2"))
    fewer.step["operations"][0] = {**fewer.step["operations"][0], "node": {"any": ["n2"]}}
    said = said_again(
        tape, Side(STEP, NODES), fewer, lambda _client, chosen: [e._replace(kind=e.kind - 1) for e in chosen]
    )
    assert [draw.value for draw in said.draws if draw.label == "workload.workload.0"] == [0, 3, 4]
    same = said_again(tape, Side(STEP, NODES), Side(STEP, NODES))
    assert [draw.value for draw in same.draws] == [0, 1, 1, 7, 1, 1, 3, 4]


def test_a_real_workload_is_read_as_it_ran() -> None:
    """The operations that are read are those that its draws made, for every client and seed."""
    step = {**STEP, "operations": [{"op": "get", "args": {"key": {"any": ["a", "b"]}}}, STEP["operations"][1]]}
    raw = {"version": 1, "name": "w", "distributed": {"node_count": 3, "steps": [step]}}
    assert script_of(raw).work == 6
    for seed in range(5):
        outcome, tape = run(raw, Seeded(seed))
        assert outcome.failure is None
        side = Side(step, NODES)
        read = [operations_of(side, client, tape.draws) for client in client_names(step)]
        assert [len(each) for each in read] == [3, 3]
        again, _ = run(raw, Seeded(seed))
        assert again.draws == outcome.draws
        said = said_again(tape, side, side)
        assert [operations_of(side, client, said.draws) for client in client_names(step)] == read
        repeated, _ = run(raw, Mutated(said.draws))
        assert len(repeated.draws) == len(outcome.draws)
