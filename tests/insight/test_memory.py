"""The memory of a run, built up again from its trace: it ends as the run's own heap, or says that it cannot know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.insight.memory import POINTS_MAX, Memory, chart, memory_of
from fozzy.insight.profile.load import load_profile
from fozzy.trace.store import Store


def alloc(size_bytes: int, key: str | None = None, tag: str | None = None) -> dict[str, Any]:
    """A step that allocates."""
    return {"type": "memory_alloc", "bytes": size_bytes} | ({"key": key} if key else {}) | ({"tag": tag} if tag else {})


def free(key: str) -> dict[str, Any]:
    """A step that frees by key."""
    return {"type": "memory_free", "key": key}


SLEEP = {"type": "sleep", "duration": "10ms"}


@pytest.fixture
def memory(fz: Any, scenario: Any) -> Any:
    """The memory of a run of these steps."""

    def run(steps: list[dict[str, Any]], *flags: str) -> Memory:
        assert fz("run", scenario("a", steps), "--det", "--seed", "1", *flags).code in (0, 1)
        return memory_of(load_profile(Store(Path(".fozzy")), "latest"))

    return run


def test_who_still_lives(memory: Any) -> None:
    """Allocations are summed by step and tag; what was freed lives no more; time and peak are the run's."""
    found = memory([alloc(4000, "a", "cart"), SLEEP, alloc(1000, tag="log"), free("a"), alloc(500)])
    assert [(each.at, each.tag, each.size_bytes, each.living_bytes) for each in found.sites] == [
        ("steps[2]", "log", 1000, 1000),
        ("steps[4]", "", 500, 500),
        ("steps[0]", "cart", 4000, 0),
    ]
    assert [(each.alloc_id, each.size_bytes, each.since_ns) for each in found.living] == [
        (2, 1000, 10**7),
        (3, 500, 10**7),
    ]
    assert (found.in_use_bytes, found.peak_bytes, found.is_exact, found.unmatched) == (1500, 5000, True, 0)
    assert found.points == [(0, 0), (0, 4000), (10**7, 5000), (10**7, 1000), (10**7, 1500)]


def test_rounds_waves_and_numbers(memory: Any) -> None:
    """Repeated steps are one line; sizes are what the heap made of them; a free by number is matched."""
    wave = {"type": "memory_pressure_wave", "pattern": "1,3"}
    rounds = {"type": "repeat", "times": 4, "steps": [alloc(100)]}
    found = memory([wave, rounds, {"type": "memory_free", "alloc_id": 2}])
    (site,) = found.sites
    assert (site.times, site.size_bytes, site.living_bytes, site.living) == (4, 800, 500, 3)
    assert found.is_exact and found.peak_bytes == 800


def test_refused_allocations_count_as_attempts(memory: Any) -> None:
    """An allocation that failed has its number, so that later numbers fit; what a block undid is undone."""
    limit = {"type": "memory_limit_mb", "mb": 0}
    undone = {"type": "assert_throws", "steps": [free("a"), alloc(7, "b"), limit, alloc(1)]}
    found = memory([alloc(50, "a"), undone, alloc(3, "c"), free("c")])
    assert found.failed == 1 and [(each.alloc_id, each.size_bytes) for each in found.living] == [(1, 50)]
    assert found.is_exact and found.peak_bytes == 53


def test_setup_and_includes(memory: Any, scenario: Any) -> None:
    """Steps of an included file are found under their path, with their tags."""
    scenario("part", [alloc(9, tag="inner")])
    found = memory([{"type": "include", "file": "part.fozzy.json"}])
    assert [(each.at, each.tag) for each in found.sites] == [("steps[0].include.steps[0]", "inner")]


def test_what_a_reference_chose_is_said(memory: Any) -> None:
    """Only the run knew which allocation a reference named: the sum is the run's own, and the rest says it is unsure."""
    found = memory([alloc(70, "a"), {"type": "memory_free", "alloc_id": "${a}"}])
    assert (found.unmatched, found.is_exact, found.in_use_bytes) == (1, False, 0)


def test_a_run_without_a_heap(memory: Any) -> None:
    """Nothing is held, and nothing is unsure."""
    found = memory([SLEEP])
    assert (found.sites, found.living, found.in_use_bytes, found.peak_bytes, found.is_exact) == ([], [], 0, 0, True)
    assert found.code_bytes is None


def test_what_calls_leave_behind(memory: Any, project: Path) -> None:
    """Lines of user code are summed over all calls, what was given back included."""
    text = "KEPT = []\n\n\ndef hoard(n):\n    KEPT.append(bytearray(n))\n\n\ndef forget():\n    KEPT.pop()\n"
    (project / "shop.py").write_text(text, encoding="utf-8")
    hoard = {"type": "call", "function": "shop:hoard", "args": [50_000]}
    forget = {"type": "call", "function": "shop:forget"}
    found = memory([hoard, hoard, forget], "--allow-code", "--profile-memory")
    line = next(each for each in found.lines if each.at == "shop.py:5")
    assert 50_000 <= line.size_bytes < 60_000 and found.code_peak_bytes >= 50_000
    assert found.code_bytes is not None and 50_000 <= found.code_bytes < 80_000
    assert not [each for each in found.lines if "fnmatch" in each.at or "tracemalloc" in each.at]


def test_a_long_run_keeps_its_highest_points(memory: Any) -> None:
    """The chart has a bounded number of points, the peak among them."""
    rounds = {"type": "repeat", "times": POINTS_MAX, "steps": [alloc(10, "x"), free("x")]}
    found = memory([rounds, alloc(99, "y"), free("y")])
    assert len(found.points) <= POINTS_MAX + 1 and max(each for _, each in found.points) == 99


def test_the_chart_is_drawn_to_scale() -> None:
    """A column is as high as the most of its stretch; nothing is nothing."""
    rows = chart([(0, 0), (0, 4), (50, 2), (75, 0)], 100, 4, 4)
    assert rows == ["##  ", "##  ", "### ", "### "]
    assert chart([(0, 0)], 100, 3, 2) == ["   ", "   "]
    assert chart([(0, 0), (0, 7)], 0, 3, 1) == ["#  "], "a run without time is one column"
