"""Unwrapping: what a block holds stands in the block's place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fozzy.dsl.load import load
from fozzy.engine.prepare import Options
from fozzy.engine.record import run_once
from fozzy.search.failing import open_failing
from fozzy.search.script import script_of
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.passes.unwrap import unwrap_blocks

FAIL = {"type": "fail", "message": "no"}
EVENT = {"type": "trace_event", "name": "e"}


def unwrapped(steps: list[dict[str, Any]], bench: Any) -> tuple[list[str], Gate]:
    """The types that are left where no block is needed."""
    failing = bench.failing(steps)
    gate = Gate(failing.subject, failing.first, failing.failure, 60 * 10**9)
    unwrap_blocks(gate)
    return [step["type"] for step in gate.best.script.raw["steps"]], gate


@pytest.mark.parametrize(
    "block",
    [
        {"type": "group", "name": "g", "steps": [EVENT, FAIL]},
        {"type": "repeat", "times": 3, "steps": [EVENT, FAIL]},
        {"type": "if", "that": 1, "equals": 1, "then": [EVENT, FAIL], "else": [EVENT]},
        {"type": "parallel", "name": "p", "branches": {"a": [EVENT], "b": [FAIL]}},
        {"type": "group", "name": "g", "steps": [{"type": "group", "name": "h", "steps": [EVENT, FAIL]}]},
    ],
)
def test_a_block_that_is_not_needed_goes(block: dict[str, Any], bench: Any) -> None:
    """The failure stays the failure of the same step, which knows where it stood."""
    types, gate = unwrapped([block], bench)
    assert "fail" in types
    assert not {"group", "repeat", "if", "parallel"} & set(types)
    assert gate.best.script.origin_of(f"steps[{types.index('fail')}]") == gate.failure.at


def test_a_block_that_is_needed_stays(bench: Any) -> None:
    """What fails only in the third round needs the rounds."""
    round_ = {"type": "assert", "that": "${i}", "less": 2}
    types, _ = unwrapped([{"type": "repeat", "times": 3, "as": "i", "steps": [round_]}], bench)
    assert types == ["repeat"]


def test_a_block_that_fails_itself_stays(bench: Any) -> None:
    """It is what the failure is about."""
    types, gate = unwrapped([{"type": "assert_throws", "steps": [EVENT]}], bench)
    assert types == ["assert_throws"]
    assert gate.tried == 0


def test_the_draws_of_the_block_go_those_inside_stay(bench: Any) -> None:
    """The order of branches is nothing once there are none; what a step drew is still drawn."""
    draw = {"type": "rand_int", "key": "k", "min": 0, "max": 9}
    check = {"type": "assert", "that": "${k}", "equals": 12}
    branches = {"a": [EVENT, EVENT], "b": [draw, check]}
    _, gate = unwrapped([{"type": "parallel", "name": "p", "branches": branches}], bench)
    assert [each.label for each in gate.best.tape.draws] == ["rand.k"]


def test_many_blocks_are_unwrapped_in_about_as_many_runs(plant: Any) -> None:
    """Fifty blocks that may go and fifty that may not: not every one again after each that went."""

    def group(name: str) -> dict[str, Any]:
        return {"type": "group", "name": name, "steps": [EVENT]}

    names = [f"{'keep' if index % 2 else 'go'}{index}" for index in range(100)]
    script = script_of({"version": 1, "name": "n", "steps": [FAIL, *map(group, names)]})
    keep = {name for name in names if name.startswith("keep")}
    gate = plant.gate(lambda each: keep <= {node.fields.get("name") for node in each.script.nodes()}, script)
    unwrap_blocks(gate)
    assert sum(node.type == "group" for node in gate.best.script.nodes()) == len(keep)
    assert gate.tried <= 160


def test_an_include_becomes_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench: Any) -> None:
    """With its names replaced by what the include says they are."""
    monkeypatch.chdir(tmp_path)
    login = [
        {"type": "trace_event", "name": "${user} comes"},
        {"type": "assert_eq_str", "a": "${user}", "b": "eve"},
    ]
    Path("login.fozzy.json").write_text(
        json.dumps({"version": 1, "name": "l", "vars": {"user": "nobody"}, "steps": login}), "utf-8"
    )
    step = {"type": "include", "file": "login.fozzy.json", "with": {"user": "ada"}}
    Path("a.fozzy.json").write_text(json.dumps({"version": 1, "name": "a", "steps": [step]}), "utf-8")
    done = run_once(load(Path("a.fozzy.json")), Options(det=True), 1, "run", keep=bench.keeping())
    assert done.trace is not None
    failing = open_failing(done.trace)
    assert failing.failure.at == "steps[0].include.steps[1]"
    gate = Gate(failing.subject, failing.first, failing.failure, 60 * 10**9)
    unwrap_blocks(gate)
    assert [step.get("a", step.get("name")) for step in gate.best.script.raw["steps"]] == ["ada comes", "ada"]
    shrunk = bench.shrink(failing)
    assert [step["type"] for step in shrunk.best.script.raw["steps"]] == ["assert_eq_str"]
    assert bench.verdict(bench.written(failing, shrunk.best)) == "SAME"
