"""Faults: those that are not needed go, the others strike as plainly as will do."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.search.script import script_of
from fozzy.search.shrink.gate import faults_in
from fozzy.search.shrink.passes.faults import STRIKES_MAX, drop_faults, simplify_faults


def fault(**more: Any) -> dict[str, Any]:
    return {"type": "fault", "name": "f", "on": "http", "kind": "drop", **more}


def drawn(candidate: Any) -> bool:
    """Whether a fault of it strikes by chance."""
    return any("probability" in node.fields for node in candidate.script.nodes())


def script(*faults: dict[str, Any]) -> Any:
    return script_of({"version": 1, "name": "n", "steps": [{"type": "fail"}, *faults]})


def schedules(gate: Any) -> list[dict[str, Any]]:
    plain = {"type", "name", "on", "kind"}
    fields = [node.fields for node in gate.best.script.nodes() if node.type == "fault"]
    return [{name: value for name, value in each.items() if name not in plain} for each in fields]


def test_faults_that_are_not_needed_go(plant: Any) -> None:
    """And no other step does."""
    first = script(fault(name="a"), {"type": "trace_event", "name": "e"}, fault(name="b"), fault(name="c"))
    gate = plant.gate(lambda each: any(node.fields.get("name") == "b" for node in each.script.nodes()), first)
    drop_faults(gate)
    assert [node.fields.get("name") for node in gate.best.script.nodes()] == [None, "e", "b"]
    assert faults_in(gate.best.script) == 1


@pytest.mark.parametrize(
    ("schedule", "wanted", "plain"),
    [
        ({"probability": 0.5}, {"first": 2}, {"first": 2}),
        ({"probability": 0.5}, {"after": 2, "times": 1}, {"after": 2, "times": 1}),
        ({"every": 3}, {"after": 2, "times": 1}, {"every": 3}),
        ({"pattern": ".F.F"}, {"first": 1}, {"first": 1}),
        ({"probability": 0.5, "times": 4}, {"first": STRIKES_MAX}, {"first": STRIKES_MAX}),
        ({"first": 3}, {"first": 1}, {"first": 3}),
        ({"probability": 0.5}, {"first": 99}, {"probability": 0.5}),
    ],
)
def test_the_plainest_schedule_that_does_it(
    schedule: dict[str, Any], wanted: dict[str, Any], plain: dict[str, Any], plant: Any
) -> None:
    """By chance and by pattern become the first so many; what is plain, or cannot be, stays."""

    def fails(each: Any) -> bool:
        return any(node.type == "fault" and wanted.items() <= node.fields.items() for node in each.script.nodes())

    gate = plant.gate(
        fails, script(fault(**schedule)), plant.draws(3, label="fault.f") if "probability" in schedule else ()
    )
    run = gate.subject.run
    gate.subject.run = lambda each: run(each) if drawn(each) else run(each)._replace(draws=())
    simplify_faults(gate)
    assert schedules(gate) == [plain]
    assert gate.tried <= STRIKES_MAX**2


def test_a_fault_that_fails_itself_stays(bench: Any) -> None:
    """A fault that was never rolled is the failure: it is neither dropped nor changed."""
    first = bench.failing([fault(probability=0.5), {"type": "trace_event", "name": "e"}])
    assert first.failure.title == "fault_never_rolled"
    done = bench.shrink(first)
    assert [(node.type, node.fields.get("probability")) for node in done.best.script.nodes()] == [
        ("fault", 0.5),
        ("trace_event", None),
    ]
    assert "these steps only declare" in done.reasons[1].why
