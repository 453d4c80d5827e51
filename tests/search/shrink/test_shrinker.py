"""The shrinker: whatever fails ends smaller, for the same reason, and again and again the same."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fozzy.core.events import Ask, Draw
from fozzy.core.log import Log
from fozzy.core.sources import Mutated
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import load
from fozzy.dsl.scenario import StepsFile
from fozzy.engine.cluster.many import first_failing
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Options, header_of, ready, runnable_file, start
from fozzy.engine.record import run_once
from fozzy.errors import InputError, Terminated
from fozzy.search.failing import open_failing
from fozzy.search.shrink.gate import Gate, size_of
from fozzy.search.shrink.shrinker import Shrinker, shrink
from fozzy.trace.reader import open_trace

KEYS = st.sampled_from("abc")
VALUES = st.sampled_from(["0", "1", "10", "x", "long value"])
LEAVES = st.one_of(
    st.builds(lambda key, value: {"type": "set_kv", "key": key, "value": value}, KEYS, VALUES),
    st.builds(lambda key, value: {"type": "get_kv_assert", "key": key, "equals": value}, KEYS, VALUES),
    st.builds(lambda key, high: {"type": "rand_int", "key": f"r{key}", "min": 0, "max": high}, KEYS, st.integers(1, 9)),
    st.builds(lambda a, b: {"type": "assert_eq_int", "a": a, "b": b}, st.integers(0, 1), st.integers(0, 1)),
    st.just({"type": "sleep", "duration": "5ms"}),
    st.just({"type": "trace_event", "name": "e", "fields": {"a": [1, 2]}}),
    st.just({"type": "trace_event", "name": "${v}"}),
    st.just({"type": "fail", "message": "no"}),
    st.just({"type": "http_request", "method": "GET", "path": "/"}),
    st.just({"type": "http_when", "method": "GET", "path": "/", "status": 200}),
    st.just({"type": "fault", "name": "f", "on": "http", "kind": "drop", "probability": 0.5}),
)


def blocks(inner: Any) -> Any:
    """Steps that hold steps."""
    some = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        some.map(lambda steps: {"type": "group", "name": "g", "steps": steps}),
        some.map(lambda steps: {"type": "repeat", "times": 2, "steps": steps}),
        some.map(lambda steps: {"type": "retry", "attempts": 2, "steps": steps}),
        some.map(lambda steps: {"type": "assert_throws", "steps": steps}),
        st.tuples(some, some).map(
            lambda two: {"type": "parallel", "name": "p", "branches": {"a": two[0], "b": two[1]}}
        ),
        st.tuples(some, some).map(lambda two: {"type": "if", "that": 1, "equals": 1, "then": two[0], "else": two[1]}),
    )


STEPS = st.recursive(LEAVES, blocks, max_leaves=8)
SCENARIOS = st.fixed_dictionaries(
    {"version": st.just(1), "name": st.just("n"), "steps": st.lists(STEPS, min_size=2, max_size=6)},
    optional={
        "setup": st.lists(LEAVES, min_size=1, max_size=2),
        "teardown": st.lists(LEAVES, min_size=1, max_size=2),
        "timeout": st.just("12ms"),
    },
).map(lambda raw: {**raw, "vars": {"v": "word", "w": 12}, "steps": [*raw["steps"], {"type": "fail", "message": "end"}]})
ENGINE = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def recorded(bench: Any, scenario: dict[str, Any], seed: int) -> Path:
    """The trace of a run that failed; scenarios that are not valid are left out."""
    try:
        status, trace = bench.record(scenario, seed=seed)
    except InputError:
        status = "pass"
    assume(status != "pass")
    assert isinstance(trace, Path)
    return trace


@ENGINE
@given(SCENARIOS, st.integers(0, 2**53 - 1))
def test_an_unchanged_tape_is_the_recording(bench: Any, scenario: dict[str, Any], seed: int) -> None:
    """A mutated source that nobody mutated gives the very same records, run by run."""
    made = recorded(bench, scenario, seed)
    failing = open_failing(made, allowance=Allowance(root=bench.folder))
    with open_trace(made) as trace:
        records = list(trace.records())
    draws = [record for record in records if type(record) is Draw]
    asks = [record for record in records if type(record) is Ask]
    run = failing.subject.bound(failing.first.script)
    assert run is not None
    now: list[Any] = []
    start(run, Mutated(draws, asks), Log([now.extend]))
    assert now == records


@ENGINE
@given(SCENARIOS, st.integers(0, 2**53 - 1))
def test_any_failing_run_ends_smaller_for_the_same_reason(bench: Any, scenario: dict[str, Any], seed: int) -> None:
    """Never larger, never another failure, replays SAME, and nothing more goes when it is shrunk again."""
    made = recorded(bench, scenario, seed)
    failing = open_failing(made, allowance=Allowance(root=bench.folder))
    done = bench.shrink(failing)
    assert size_of(done.best) <= size_of(done.first)
    assert failing.subject.run(done.best).failure == failing.failure
    assert failing.failure not in {slip.outcome.failure for slip in done.slips}
    trace = bench.written(failing, done.best)
    assert bench.verdict(trace) == "SAME"
    again = open_failing(trace, allowance=Allowance(root=bench.folder))
    assert again.failure[:2] == failing.failure[:2] and again.failure[3:] == failing.failure[3:]
    assert done.best.script.origin_of(again.failure.at) == failing.failure.at
    twice = bench.shrink(again)
    assert size_of(twice.best) == size_of(twice.first)
    assert sum(row.kept for row in twice.rows) == 0


SET3 = {"type": "set_kv", "key": "k", "value": "3"}
IS4 = {"type": "get_kv_assert", "key": "k", "equals": "4"}
WHEN = {"type": "http_when", "method": "GET", "path": "/", "status": 500}
GET = {"type": "http_request", "method": "GET", "path": "/", "expect_status": 200}
NOISE = {"type": "trace_event", "name": "noise"}
NEVER = {"type": "set_kv", "key": "k", "value": "4"}
TEMPTING = {
    "no value instead of another": ([NOISE, SET3, IS4], ["set_kv", "get_kv_assert"]),
    "an unknown name": (
        [{"type": "rand_int", "key": "n", "min": 5, "max": 9}, {"type": "assert", "that": "${n}", "less": 5}],
        ["rand_int", "assert"],
    ),
    "unscripted": ([NOISE, WHEN, GET], ["http_when", "http_request"]),
    "an earlier assertion": ([SET3, {"type": "if", "that": 1, "equals": 2, "then": [IS4]}, NEVER, SET3, IS4], None),
    "a panic near an assertion": (
        [SET3, {"type": "assert_throws", "steps": [IS4, {"type": "panic", "message": "p"}]}, IS4],
        ["set_kv", "get_kv_assert"],
    ),
    "the same title elsewhere": ([NEVER, IS4, SET3, IS4], ["set_kv", "get_kv_assert"]),
    "a retry that is not the failure": (
        [SET3, {"type": "retry", "attempts": 2, "steps": [IS4]}],
        ["set_kv", "get_kv_assert"],
    ),
}


@pytest.mark.parametrize("name", TEMPTING)
def test_it_is_not_tempted(name: str, bench: Any) -> None:
    """A cut that would turn the failure into one that looks alike is told, not taken."""
    steps, left = TEMPTING[name]
    failing = bench.failing(steps)
    done = bench.shrink(failing)
    assert failing.subject.run(done.best).failure == failing.failure
    types = [step["type"] for step in done.best.script.raw["steps"]]
    assert left is None or types == left
    if name in ("no value instead of another", "unscripted"):
        assert [slip.outcome.failure.at for slip in done.slips] == [failing.failure.at]
        assert "no" in done.slips[0].outcome.message


def test_a_timeout_stays_a_timeout(bench: Any) -> None:
    """Where a shorter wait would reach an assertion that fails, the wait stays long enough."""
    steps = [
        {"type": "sleep", "duration": "40ms"},
        {"type": "sleep", "duration": "40ms"},
        {"type": "fail", "message": "x"},
    ]
    failing = bench.failing(steps, timeout="50ms")
    assert failing.failure.title == "timeout"
    done = bench.shrink(failing)
    assert failing.subject.run(done.best).failure == failing.failure
    assert [step["type"] for step in done.best.script.raw["steps"]] == ["sleep", "sleep"]


def test_the_failure_of_a_teardown_is_not_that_of_the_steps(bench: Any) -> None:
    """Both fail; the first is the run's failure, and the other does not take its place."""
    scenario = {
        "version": 1,
        "name": "n",
        "steps": [NOISE, SET3, IS4],
        "teardown": [SET3, NOISE, {**IS4, "equals": "5"}],
    }
    failing = bench.failing(scenario)
    done = bench.shrink(failing)
    assert failing.failure.at == "steps[2]"
    assert done.best.script.raw["steps"] == [{**SET3, "value": done.best.script.raw["steps"][0]["value"]}, IS4]
    assert "teardown" not in done.best.script.raw
    only = bench.failing({**scenario, "steps": [NOISE]})
    assert only.failure.at == "teardown[2]"
    assert only.subject.run(bench.shrink(only).best).failure == only.failure


RACE = [
    {"type": "rand_int", "key": "n", "min": 0, "max": 9},
    {"type": "fault", "name": "f", "on": "http", "kind": "drop", "probability": 0.9},
    {"type": "parallel", "name": "p", "branches": {"a": [NOISE, NOISE], "b": [NOISE, NOISE]}},
    {"type": "retry", "attempts": 9, "steps": [{"type": "http_request", "method": "GET", "path": "/"}]},
    {"type": "fail", "message": "no"},
]


@pytest.mark.parametrize("aim", ["input", "schedule", "faults"])
def test_only_what_is_named_changes(aim: Any, bench: Any) -> None:
    """--minimize of one kind leaves the others as they are."""
    steps = [{"type": "http_when", "method": "GET", "path": "/", "status": 200}, *RACE]
    failing = next(
        each
        for each in (bench.failing(steps, seed=seed) for seed in range(1, 40))
        if each.failure.title == "fail"
        and any(draw.value for draw in each.first.tape.draws if "parallel" in draw.label)
    )
    done = bench.shrink(failing, aim)
    faults = [node.fields for node in done.best.script.nodes() if node.type == "fault"]
    others = [node.fields for node in done.best.script.nodes() if node.type != "fault"]
    first = [node.fields for node in failing.first.script.nodes() if node.type != "fault"]

    def drawn(best: Any, family: str) -> list[int]:
        return [draw.value for draw in best.tape.draws if draw.label.startswith(family)]

    if aim == "input":
        assert faults == [RACE[1]] and len(others) < len(first)
    if aim == "schedule":
        assert faults == [RACE[1]] and others == first
        assert not any(drawn(done.best, "parallel")) and any(drawn(done.first, "parallel"))
        assert drawn(done.best, "rand") == drawn(done.first, "rand")
        assert drawn(done.best, "fault") == drawn(done.first, "fault")
    if aim == "faults":
        assert faults == [] and others == first
        assert drawn(done.best, "rand") == drawn(done.first, "rand")
        assert drawn(done.best, "parallel") == drawn(done.first, "parallel")


@pytest.mark.parametrize(
    ("stop", "end"), [(KeyboardInterrupt, "interrupted"), (Terminated, "terminated")], ids=["int", "term"]
)
@pytest.mark.parametrize("after", [1, 7, 40])
def test_whoever_stops_it_keeps_the_best_so_far(stop: type[BaseException], end: str, after: int, plant: Any) -> None:
    """In any pass, at any run: what was reached fails for the same reason, and nothing more is run."""
    gate = plant.gate(lambda each: "7" in plant.names(each.script), plant.events(*map(str, range(300))))
    run = gate.subject.run

    def stopped(candidate: Any) -> Any:
        if len(gate.subject.runs) == after:
            raise stop
        return run(candidate)

    gate.subject.run = stopped
    first = gate.best
    done = Shrinker(gate, ("input",)).run()
    if done.end == "converged":
        assert after == 40
        return
    assert done.end == end
    assert size_of(done.best) <= size_of(first)
    assert "7" in plant.names(done.best.script)
    assert done.reasons == []


def test_a_tiny_budget_is_a_result_too(bench: Any) -> None:
    """Nothing was tried: the first run is the best, and it replays."""
    failing = bench.failing([NOISE, SET3, IS4])
    done = shrink(failing.subject, failing.first, failing.failure, budget_ns=0)
    assert done.end == "budget"
    assert done.best == failing.first
    assert bench.verdict(bench.written(failing, done.best)) == "SAME"


def test_who_listens_hears_every_run(plant: Any) -> None:
    """The pass at work, before each run."""
    heard: list[str] = []
    gate = plant.gate(lambda each: True, plant.events("a"))
    done = Shrinker(gate, ("input",), lambda name, gate: heard.append(name)).run()
    assert len(heard) == done.tried
    assert heard[0] == "drop steps"


@pytest.mark.parametrize("size", [5_000])
def test_a_large_scenario_ends_within_its_budget(size: int, bench: Any) -> None:
    """Thousands of steps, tens of thousands of draws: what is needed is found, and the time is kept roughly."""
    many = [{"type": "rand_int", "key": f"k{index % 7}", "min": 0, "max": 9} for index in range(size)]
    failing = bench.failing([*many, SET3, *many, IS4])
    began = time.monotonic()
    done = shrink(failing.subject, failing.first, failing.failure, budget_ns=20 * 10**9)
    assert [step["type"] for step in done.best.script.raw["steps"]] == ["set_kv", "get_kv_assert"]
    assert time.monotonic() - began < 60


def test_a_budget_ends_what_would_take_long(bench: Any) -> None:
    """A hundred thousand draws that all matter: it stops, with what it has."""
    draws = {"type": "repeat", "times": 100_000, "steps": [{"type": "rand_int", "key": "k", "min": 0, "max": 9}]}
    failing = bench.failing([draws, {"type": "assert", "that": "${k}", "equals": 10}])
    began = time.monotonic()
    done = shrink(failing.subject, failing.first, failing.failure, budget_ns=10**9)
    assert time.monotonic() - began < 30
    assert failing.subject.run(done.best).failure == failing.failure
    assert isinstance(Gate(failing.subject, done.best, failing.failure, 1), Gate)


OURS = Path(__file__).parents[3] / "scenarios"
SLOW = "charged_twice"  # each execution imports a web framework anew: to the end it takes minutes
FAILING = sorted(
    path
    for path in OURS.rglob("*.fail.fozzy.*")
    if path.parent.name not in ("host", "matrix") and not path.name.startswith(SLOW)
)


def failing_seed(loaded: Loaded, options: Options, root: Path) -> int:
    """A scenario's own seed, else 7; a cluster fails under one of as many as it says."""
    file = runnable_file(loaded)
    seeds = [file.seed if file.seed is not None else 7]
    if not isinstance(file, StepsFile):
        seeds = list(range(7, 7 + file.distributed.seeds)) if file.seed is None else seeds
        header, redactor = header_of(loaded, options, seeds[0], "run")
        run = with_code(ready(header, loaded, redactor, root), loaded, Allowance(True, root))
        return seeds[first_failing(run, seeds) or 0]
    return seeds[0]


@pytest.mark.parametrize("path", FAILING, ids=lambda path: f"{path.parent.name}-{path.name.partition('.')[0]}")
def test_every_failing_scenario_of_ours(path: Path, bench: Any) -> None:
    """Whatever its steps are: the same failure, smaller, replays SAME, and nothing more goes the second time."""
    loaded = load(path)
    options = Options(det=True, allow_code=True)
    seed = failing_seed(loaded, options, path.parent)
    done = run_once(loaded, options, seed, "run", keep=bench.keeping(), root=path.parent)
    assert done.trace is not None and done.ended.status != "pass"
    failing = open_failing(done.trace, allowance=Allowance(True, path.parent))
    smaller = bench.shrink(failing)
    assert size_of(smaller.best) <= size_of(smaller.first)
    trace = bench.written(failing, smaller.best)
    assert bench.verdict(trace) == "SAME"
    again = bench.shrink(open_failing(trace, allowance=Allowance(True, path.parent)))
    assert sum(row.kept for row in again.rows) == 0
