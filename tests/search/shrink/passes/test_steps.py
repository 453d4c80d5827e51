"""Dropping steps: what the failure does not need goes, in few runs."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.search.script import script_of
from fozzy.search.shrink.passes.steps import PAIRS_OF_MAX, drop_pairs, drop_steps


def test_everything_else_goes_at_once(plant: Any) -> None:
    """Where only the failing step matters, one run is enough."""
    gate = plant.gate(lambda each: True, plant.events(*map(str, range(500))))
    drop_steps(gate)
    assert gate.best.script.origins == {"steps[0]": "steps[0]"}
    assert gate.tried == 1


@pytest.mark.parametrize("needed", [{"700"}, {"0", "999"}, {"3", "4", "500"}])
def test_a_needle_among_a_thousand(needed: set[str], plant: Any) -> None:
    """Some needed steps among a thousand are found in far fewer runs than there are steps."""
    gate = plant.gate(lambda each: needed <= set(plant.names(each.script)), plant.events(*map(str, range(1000))))
    drop_steps(gate)
    assert set(plant.names(gate.best.script)) == needed
    assert gate.tried < 120


def test_steps_inside_of_blocks_go_too(plant: Any) -> None:
    """Lists are cut from outside in, blocks that hold what fails stay."""
    inner = [{"type": "trace_event", "name": name} for name in ("a", "b", "c")]
    group = {"type": "group", "name": "g", "steps": [*inner, {"type": "fail"}]}
    script = script_of({"version": 1, "name": "n", "setup": [inner[0]], "steps": [group, inner[1]], "teardown": inner})
    gate = plant.gate(lambda each: "steps[0].group.steps[1]" in each.script.origins.values(), script)
    gate.failure = gate.failure._replace(at="steps[0].group.steps[3]")
    subject = gate.subject
    subject.fails = lambda each, old=subject.fails: gate.failure if old(each) else False
    drop_steps(gate)
    assert list(gate.best.script.origins.values()) == [
        "steps[0]",
        "steps[0].group.steps[1]",
        "steps[0].group.steps[3]",
    ]


def test_two_that_need_each_other_go_together(plant: Any) -> None:
    """Neither can go alone, and they are not neighbours: pairs are tried for what is left."""

    def fails(each: Any) -> bool:
        names = set(plant.names(each.script))
        return ("b" in names) == ("d" in names) and {"a", "c"} <= names

    gate = plant.gate(fails, plant.events("a", "b", "c", "d"))
    drop_steps(gate)
    assert set(plant.names(gate.best.script)) == {"a", "b", "c", "d"}
    drop_pairs(gate)
    assert plant.names(gate.best.script) == ["a", "c"]


def test_pairs_of_many_are_not_tried(plant: Any) -> None:
    """Their number is the square."""
    gate = plant.gate(lambda each: True, plant.events(*map(str, range(PAIRS_OF_MAX + 1))))
    drop_pairs(gate)
    assert gate.tried == 0
