"""`fozzy memory top|graph|diff`: the answers and their exit codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

STEPS = [
    {"type": "memory_alloc", "bytes": 4000, "key": "a", "tag": "cart"},
    {"type": "sleep", "duration": "10ms"},
    {"type": "memory_alloc", "bytes": 1000, "tag": "log"},
    {"type": "memory_free", "key": "a"},
    {"type": "sleep", "duration": "10ms"},
]


@pytest.fixture
def recorded(fz: Any, scenario: Any) -> None:
    """A run that leaks the log, and one that leaks nothing."""
    fz("run", scenario("a", STEPS), "--det", "--seed", "1", "--record", "a.fozzy")
    fz("run", scenario("b", STEPS[:2] + STEPS[3:]), "--det", "--seed", "1", "--record", "b.fozzy")


def test_top_and_its_budget(fz: Any, recorded: None) -> None:
    """Who leaks comes first; above the budget is 1, at it is 0."""
    said = fz("memory", "top", "a.fozzy")
    assert said.code == 0 and "1.0 kB never freed, 5.0 kB at most" in said.out and "steps[2]  log" in said.out
    over = fz("memory", "top", "a.fozzy", "--budget", "999")
    assert over.code == 1 and "FAIL  1,000 bytes were never freed; the budget is 999" in over.out
    assert fz("memory", "top", "a.fozzy", "--budget", "1000").code == 0
    document = json.loads(fz("memory", "top", "a.fozzy", "--budget", "0", "--json").out)
    assert (document["status"], document["inUseBytes"], document["exact"]) == ("fail", 1000, True)
    assert document["living"][0] == {
        "allocId": 2,
        "at": "steps[2]",
        "tag": "log",
        "sizeBytes": 1000,
        "sinceNs": 10**7,
    }


def test_every_word_means_the_same_run(fz: Any, recorded: None, project: Any) -> None:
    """A path, a run id, a prefix and an alias show the same, and which run it is."""
    run_id = (project / ".fozzy" / "runs" / "latest").read_text()
    said = [fz("memory", "top", word).out for word in ("b.fozzy", run_id, run_id[:6], "latest")]
    assert all(f"run {run_id}" in each for each in said)
    assert len({each.split("\n", 1)[1] for each in said}) == 1


def test_graph_is_a_small_chart(fz: Any, recorded: None) -> None:
    """Its axes say bytes and time; a run without a heap has none."""
    said = fz("memory", "graph", "a.fozzy").out
    assert "5.0 kB |" in said and "20.0ms" in said and said.count("#") > 60 and said.isascii()
    points = json.loads(fz("memory", "graph", "a.fozzy", "--json").out)["points"]
    assert points[-1] == [10**7, 1000]


def test_diff_fails_when_more_is_left(fz: Any, recorded: None) -> None:
    """What is held differently is told step by step; more that is never freed is 1, less is 0."""
    worse = fz("memory", "diff", "b.fozzy", "a.fozzy")
    assert worse.code == 1 and "never freed 0 bytes -> 1.0 kB" in worse.out and "steps[2] log" in worse.out
    assert fz("memory", "diff", "a.fozzy", "b.fozzy").code == 0
    assert "nothing is held differently" in fz("memory", "diff", "a.fozzy", "a.fozzy").out
