"""`fozzy report flaky`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PASS = [{"type": "assert_ok", "value": True}]
FAIL = [{"type": "assert_eq_int", "a": 1, "b": 2}]
COIN = [{"type": "rand_int", "key": "k", "min": 0, "max": 1}, {"type": "assert_eq_int", "a": "${k}", "b": 0}]


@pytest.fixture
def suite(fz: Any, scenario: Any) -> Any:
    """Runs a suite with a seed and returns its id."""
    scenario("s/steady", PASS)
    scenario("s/coin", COIN)

    def run(seed: int) -> str:
        return str(fz("test", "s", "--seed", seed, "-j1", "--json").document()["identity"]["runId"])

    return run


def of(document: Any) -> dict[str, tuple[str, float]]:
    """Verdict and rate of each scenario."""
    return {each["scenario"]: (each["verdict"], each["rate"]) for each in document["flakiness"]["scenarios"]}


def seeds(suite: Any, fz: Any) -> tuple[str, str]:
    """Two runs whose coins fell differently."""
    first = suite(1)
    coin = "$.summary.scenarios[?@.name=='s/coin'].status"
    side = fz("report", "query", first, "--path", coin).out
    for seed in range(2, 40):
        other = suite(seed)
        if fz("report", "query", other, "--path", coin).out != side:
            return first, other
    raise AssertionError("a coin fell alike forty times")


def test_what_another_seed_brings_is_told_apart(suite: Any, fz: Any) -> None:
    """A coin is by seed: over no budget it fails, and what ended alike is steady."""
    one, other = seeds(suite, fz)
    ran = fz("report", "flaky", one, other, "--json")
    document = ran.document()
    assert (ran.code, document["status"], document["over"]) == (1, "fail", 1)
    assert of(document) == {"s/coin": ("seed_dependent", 0.5), "s/steady": ("steady", 0.0)}
    assert [run["runId"] for run in document["runs"]] == [one, other]
    assert fz("report", "flaky", one, other, "--budget", "50").code == 0
    said = fz("report", "flaky", one, other)
    assert "BY SEED" in said.out and "0 flaky, 1 by seed, 1 steady; 1 over the budget of 0 %" in said.out


def test_what_differs_under_one_seed_is_flaky(suite: Any, fz: Any, scenario: Any) -> None:
    """The same seed that ends otherwise is FLAKY, and the command to paste says how the runs differ."""
    one = suite(7)
    scenario("s/steady", FAIL)
    other = suite(7)
    said = fz("report", "flaky", one, other)
    assert said.code == 1 and "FLAKY" in said.out and "1 of 2 otherwise, 50.0%" in said.out
    assert f"fozzy artifacts diff {one[:4]}" in said.out
    assert fz("artifacts", "diff", one, other).code == 1


def test_steady_runs_pass(suite: Any, fz: Any) -> None:
    """Runs that ended alike are 0; -v lists what is steady, -q is one line."""
    one, other = suite(7), suite(7)
    assert fz("report", "flaky", one, other).code == 0
    assert "STEADY" in fz("report", "flaky", one, other, "-v").out
    assert fz("report", "flaky", one, other, "-q").out.count("\n") == 1


def test_single_runs_and_their_traces(fz: Any, scenario: Any) -> None:
    """Runs of one scenario are compared by its path, whether named by id or by trace, passing or not."""
    path = scenario("a", COIN)
    for seed in range(8):
        fz("run", path, "--seed", seed, "--det", "--record", f"{seed}.fozzy")
    traces = [f"{seed}.fozzy" for seed in range(7)]
    document = fz("report", "flaky", *traces, "@latest", "--json").document()
    (flake,) = document["flakiness"]["scenarios"]
    assert (flake["runs"], flake["path"], flake["verdict"]) == (8, "a.fozzy.json", "seed_dependent")
    assert sorted(seed for outcome in flake["outcomes"] for seed in outcome["seeds"]) == list(range(8))


def test_nothing_to_compare_is_5(fz: Any, scenario: Any) -> None:
    """Runs of different scenarios have nothing in common."""
    for name in ("a", "b"):
        fz("run", scenario(name, PASS), "--record", f"{name}.fozzy")
    said = fz("report", "flaky", "a.fozzy", "b.fozzy")
    assert said.code == 5 and "nothing to compare" in said.out


def test_a_run_is_not_compared_with_itself(suite: Any, fz: Any) -> None:
    """Two words for one run are refused, and so is one run alone."""
    run_id = suite(1)
    said = fz("report", "flaky", run_id, "@latest")
    assert said.code == 2 and "are the same run" in said.err
    assert fz("report", "flaky", run_id).code == 2
    assert Path(".fozzy/runs/latest").read_text() == run_id
