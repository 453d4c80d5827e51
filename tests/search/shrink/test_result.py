"""The result as a trace that replays alone, and as a scenario that fails by itself."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.engine.code import Allowance
from fozzy.engine.prepare import Options
from fozzy.errors import EvidenceError
from fozzy.search.failing import open_failing
from fozzy.search.shrink.result import as_scenario, record_best, small_name
from fozzy.trace.reader import open_trace

DRAW = {"type": "rand_int", "key": "n", "min": 0, "max": 90}
LIMIT = {"type": "assert", "that": "${n}", "less": 40}
NOISE = {"type": "trace_event", "name": "e"}


def failing_of(bench: Any, steps: Any, **more: Any) -> Any:
    """A failing run of the first seed that fails."""
    tried = (bench.record(steps, seed=seed, **more) for seed in range(1, 200))
    return open_failing(
        next(trace for status, trace in tried if status != "pass"), allowance=Allowance(root=bench.folder)
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("scenarios/a.fozzy.json", "scenarios/a.min.fozzy.json"),
        ("a.fozzy.toml", "a.min.fozzy.json"),
        ("a.min.fozzy.json", "a.min.fozzy.json"),
        ("../b/a", "../b/a.min.fozzy.json"),
    ],
)
def test_the_smaller_scenario_lies_beside_the_first(path: str, name: str) -> None:
    """However often it is shrunk."""
    assert small_name(path) == name


def test_the_trace_is_a_run_of_its_own_scenario(bench: Any) -> None:
    """Its header is that of a shrunk run, and it holds the smaller scenario, which the trace replays."""
    failing = failing_of(bench, [NOISE, DRAW, LIMIT], matrix={"m": [1]})
    done = bench.shrink(failing)
    trace = bench.written(failing, done.best)
    with open_trace(trace) as opened:
        header = opened.header()
    assert (header.mode, header.scenario.path, header.seed) == ("shrink", "a/n.min.fozzy.json", failing.header.seed)
    assert "matrix" not in header.scenario.text
    assert bench.verdict(trace) == "SAME"


def test_a_result_that_is_refused_leaves_nothing(bench: Any) -> None:
    """The check sees the sealed trace before it has its name."""
    failing = failing_of(bench, [DRAW, LIMIT])
    seen: list[str] = []

    def refuse(path: Any) -> None:
        seen.append(bench.verdict(path))
        raise EvidenceError("trace.not_alone", "no", hint="no")

    before = sorted(bench.folder.iterdir())
    with pytest.raises(EvidenceError):
        record_best(failing, failing.first, bench.keeping(), refuse)
    assert seen == ["SAME"]
    assert sorted(bench.folder.iterdir()) == before


def runs_like(bench: Any, text: str, failing: Any, **options: Any) -> bool:
    """Whether a scenario's text, run by itself, fails for the same title."""
    import json

    status, trace = bench.record(
        json.loads(text), seed=json.loads(text).get("seed", 1), options=Options(det=True, **options)
    )
    return status != "pass" and open_failing(trace).failure.title == failing.failure.title


def test_what_was_drawn_is_written_down(bench: Any) -> None:
    """A number that was drawn becomes a number that is kept, and no seed is needed."""
    failing = failing_of(bench, [NOISE, DRAW, LIMIT])
    text = as_scenario(failing, bench.shrink(failing).best)
    assert text is not None and '"value": 40' in text and "rand_int" not in text and '"seed"' not in text
    assert runs_like(bench, text, failing)


def test_an_order_of_branches_is_found_by_a_seed(bench: Any) -> None:
    """What no step can say is looked for among seeds."""
    look = {"type": "get_kv_assert", "key": "k", "equals": "1"}
    branches = {
        "a": [{"type": "set_kv", "key": "k", "value": "1"}, look],
        "b": [{"type": "set_kv", "key": "k", "value": "${v}"}],
    }
    steps = [{"type": "parallel", "name": "p", "branches": branches}]
    failing = failing_of(bench, steps, vars={"v": "2"})
    text = as_scenario(failing, failing.first)
    assert text is not None and '"seed"' in text
    assert runs_like(bench, text, failing)


def test_what_only_the_tape_can_do_has_no_scenario(bench: Any) -> None:
    """One value of 2^53, drawn in a loop: no seed that is tried makes it."""
    draw = {"type": "rand_int", "key": "n", "min": 0, "max": 2**52}
    twice = {"type": "repeat", "times": 2, "steps": [draw]}
    failing = failing_of(bench, [twice, {"type": "assert", "that": "${n}", "less": 2**51}])
    draws = failing.first.tape.draws
    rare = failing.first._replace(tape=failing.first.tape.with_values({len(draws) - 1: 2**52}))
    only = failing.first.script.edit(
        lambda node: (node._replace(fields={**node.fields, "less": 2**52}),) if node.type == "assert" else None
    )
    assert failing.subject.run(rare._replace(script=only)).failure == failing.failure
    assert as_scenario(failing, rare._replace(script=only)) is None


def test_what_was_asked_for_is_written_down_too(bench: Any) -> None:
    """A timeout and backends that were options of the run are in the scenario: it fails without them being given."""
    failing = failing_of(bench, [{"type": "sleep", "duration": "9ms"}], options=Options(det=True, timeout_ns=10**6))
    text = as_scenario(failing, failing.first)
    assert text is not None and '"timeout": "1' in text
    assert runs_like(bench, text, failing)
    host = {"type": "proc_spawn", "cmd": "sh", "args": ["-c", "exit 3"], "expect_exit": 0}
    failing = failing_of(bench, [host], options=Options(det=True, proc="host"))
    text = as_scenario(failing, failing.first)
    assert text is not None and '"proc": "host"' in text
    assert runs_like(bench, text, failing)
