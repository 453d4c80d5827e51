"""Each thing that is left says what happens without it."""

from __future__ import annotations

from typing import Any

from fozzy.search.script import script_of
from fozzy.search.shrink.reasons import REASONS_MAX, problem_of, reasons
from fozzy.search.shrink.shrinker import shrink


def test_what_is_left_and_why(bench: Any) -> None:
    """What fails, what holds it, what another failure would come without, and what would pass."""
    steps = [
        {"type": "set_kv", "key": "k", "value": "3"},
        {"type": "rand_int", "key": "n", "min": 1, "max": 90},
        {
            "type": "repeat",
            "times": 2,
            "as": "i",
            "steps": [
                {"type": "assert", "that": "${n}", "less": 95},
                {"type": "if", "that": "${i}", "equals": 1, "then": [{"type": "assert", "that": "${n}", "less": 1}]},
            ],
        },
    ]
    done = bench.shrink(bench.failing(steps))
    said = {reason.at: reason.why for reason in done.reasons}
    assert list(said) == [node.origin for node in done.best.script.nodes()]
    assert said["steps[2].repeat.steps[1].if.then[0]"] == "it is what fails"
    assert said["steps[1]"] == 'without it the scenario is not valid: nothing keeps "n"'
    assert all(why.startswith(("it ", "without it ", "if it were ")) for why in said.values())


def test_a_draw_and_a_fault(bench: Any) -> None:
    """A draw says what happens when it is boring; a fault is called one."""
    steps = [
        {"type": "rand_int", "key": "n", "min": 1, "max": 90},
        {"type": "http_when", "method": "GET", "path": "/", "status": 200, "json": {"id": 1}},
        {"type": "fault", "name": "f", "on": "http", "kind": "disconnect"},
        {"type": "http_request", "method": "GET", "path": "/", "save": {"id": "$.id"}},
    ]
    done = bench.shrink(bench.failing(steps))
    by_what = {reason.what: reason for reason in done.reasons}
    assert by_what["fault"].name == "fault"
    assert by_what["fault"].why.startswith("without it the run ")
    limit = [steps[0], {"type": "assert", "that": "${n}", "less": 40}]
    failing = next(each for each in (bench.record(limit, seed=seed) for seed in range(1, 99)) if each[0] == "fail")
    from fozzy.search.failing import open_failing

    done = bench.shrink(open_failing(failing[1]))
    assert (done.reasons[-1].what, done.reasons[-1].name, done.reasons[-1].value) == ("choice", "rand.n", 40)
    assert done.reasons[-1].why == "if it were 1, the run passes"


def test_without_time_it_says_so(bench: Any) -> None:
    """Nothing is claimed that was not seen."""
    failing = bench.failing([{"type": "trace_event", "name": "e"}, {"type": "fail", "message": "no"}])
    done = shrink(failing.subject, failing.first, failing.failure, budget_ns=0)
    assert [reason.why for reason in done.reasons] == ["not looked at: the budget was over", "it is what fails"]


def test_reasons_are_bounded(plant: Any) -> None:
    """Nobody reads a thousand."""
    gate = plant.gate(lambda each: len(plant.names(each.script)) == 1000, plant.events(*["e"] * 1000))
    assert len(reasons(gate)) == REASONS_MAX


def test_what_would_stay_but_grow(plant: Any) -> None:
    """Another run of the same failure is no reason, and is not told as one."""
    gate = plant.gate(lambda each: True, plant.events("a"))
    assert reasons(gate)[1].why == "without it the failure would stay, but something else would grow"


def test_what_is_wrong_with_a_script() -> None:
    """The first problem, in the words of validate."""
    assert "message" in problem_of(script_of({"version": 1, "name": "n", "steps": [{"type": "fail"}]}))
    good = script_of({"version": 1, "name": "n", "steps": [{"type": "unfreeze"}]})
    assert problem_of(good) == "it cannot run like this"
