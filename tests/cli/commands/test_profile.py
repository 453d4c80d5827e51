"""`fozzy profile top`: which run, where time went, in words and as a document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SHOP = """\
import time


def total(items):
    return sum([price(item) for item in items])


def price(item):
    time.sleep(0.001)
    return item
"""
STEPS = [
    {"type": "sleep", "duration": "50ms"},
    {"type": "call", "function": "shop:total", "args": [[1, 2]], "expect": 3},
    {"type": "repeat", "times": 3, "steps": [{"type": "sleep", "duration": "1ms"}]},
]


@pytest.fixture
def profiled(fz: Any, scenario: Any, project: Path) -> str:
    """A profiled run; its id."""
    (project / "shop.py").write_text(SHOP, encoding="utf-8")
    path = scenario("a", STEPS)
    assert fz("run", path, "--det", "--seed", "1", "--allow-code", "--profile", "--record", "t.fozzy").code == 0
    return (project / ".fozzy" / "runs" / "latest").read_text()


def test_top_says_which_run_and_where_time_went(fz: Any, profiled: str) -> None:
    """The three tables are there; each word for the run gives the same tables."""
    said = fz("profile", "top", "latest")
    assert said.code == 0 and f"run {profiled}" in said.out and "53.0ms virtual" in said.out
    assert "steps[1] call shop:total" in said.out and "price  shop.py:8" in said.out and "time.sleep" in said.out
    tables = [fz("profile", "top", word).out.splitlines()[1:] for word in ("latest", profiled, profiled[:5], "t.fozzy")]
    assert tables.count(tables[0]) == 4 and len(tables[0]) > 10


def test_top_by_virtual_time(fz: Any, profiled: str) -> None:
    """Virtual times are exact; a limit says how much it hides."""
    document = json.loads(fz("profile", "top", profiled, "--by", "virtual", "--json").out)
    assert [(row["at"], row["virtualNs"], row["count"]) for row in document["steps"][:2]] == [
        ("steps[0]", 50_000_000, 1),
        ("steps[2].repeat.steps[0]", 3_000_000, 3),
    ]
    assert document["run"]["timed"] and document["by"] == "virtual"
    names = {row["name"]: row["count"] for row in document["functions"]}
    assert names["price"] == 2 and names["time.sleep"] == 2
    assert "3 more" in fz("profile", "top", profiled, "--limit", "1").out


def test_real_time_cannot_be_asked_for_when_there_is_none(fz: Any, scenario: Any) -> None:
    """It is an error with the command that measures, and nothing else is shown."""
    fz("run", scenario("b", STEPS[:1]), "--det", "--seed", "3")
    said = fz("profile", "top", "latest", "--by", "real")
    assert said.code == 2 and "profile.not_timed" in said.err and "--seed 3 --det --profile" in said.err
    assert fz("profile", "top", "latest", "--limit", "0").code == 2
