"""The map as a whole: the same for the same tree, complete about what it does not know, quick on large trees."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.insight.map import tree_code
from fozzy.insight.map.topology import PROFILES, Topology

RISKY = """\
import time, requests


def charge(amount, retries=3):
    for attempt in range(retries):
        try:
            return requests.post("http://x", json=amount)
        except Exception:
            time.sleep(1)
    raise ValueError


def show(lock):
    return lock


def plain(a):
    return a
"""
MapTree = Callable[..., Topology]


def names(found: Topology) -> list[str]:
    """The names of the hotspots, in order."""
    return [each.name for each in found.hotspots]


def test_profiles_say_what_is_a_hotspot(tree: Any, mapped: MapTree) -> None:
    """Each profile has its thresholds; a risk that is asked for stands for the first of them."""
    tree({"a.py": RISKY})
    assert names(mapped("balanced")) == ["charge"] and mapped("balanced").hotspots[0].required
    assert names(mapped("overkill")) == ["charge", "show"]
    assert names(mapped("balanced", min_risk=35)) == ["charge", "show"]
    assert names(mapped("balanced", min_risk=0)) == ["charge", "show", "plain"]
    assert [each.required for each in mapped("balanced", min_risk=0).hotspots] == [True, False, False]
    assert all(each.hotspot <= each.required for each in PROFILES.values())


def test_what_lacks_evidence(tree: Any, mapped: MapTree) -> None:
    """Required hotspots without a recorded run are what a gate asks for."""
    tree({"a.py": RISKY})
    found = mapped("balanced", min_risk=0)
    assert [each.name for each in found.lacking()] == ["charge"]
    assert found.totals.required_uncovered == found.totals.required == 1 and found.totals.uncovered == 3


def test_nothing_is_dropped_in_silence(tree: Any, mapped: MapTree) -> None:
    """One file that cannot be read, one that is broken, an invalid and an unreadable scenario, a trace that is none:
    all are named, counted, and the rest is mapped."""
    root = tree(
        {
            "a.py": RISKY,
            "b.py": "def f(:\n",
            "scenarios/c.fozzy.json": "{}",
            "scenarios/d.fozzy.json": b"\xff",
            "scenarios/e.fozzy": "no trace",
        }
    )
    (root / "gone.py").symlink_to("nowhere")
    found = mapped("balanced")
    assert found.is_degraded and names(found) == ["charge"]
    assert [(each.reason, each.path) for each in found.degraded.reasons] == [
        ("invalid_scenario", "scenarios/c.fozzy.json"),
        ("syntax", "b.py"),
        ("unreadable", "gone.py"),
        ("unreadable_scenario", "scenarios/d.fozzy.json"),
        ("unreadable_trace", "scenarios/e.fozzy"),
    ]
    assert found.degraded.counts == dict.fromkeys([each.reason for each in found.degraded.reasons], 1)


def test_a_missing_parser_matters_where_there_are_hotspots(
    tree: Any, mapped: MapTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guess about a hotspot is a doubt; a guess about harmless code is a note."""
    monkeypatch.setattr(tree_code, "parse", lambda *_: None)
    tree({"a.ts": "function charge(lock, retry) {\n  throw new Error(db.query());\n}\n"})
    assert mapped("balanced", min_risk=90).degraded.counts == {} and "TypeScript" in mapped("balanced").notes[0]
    assert mapped("overkill").degraded.counts == {"no_parser": 1}


def test_scenarios_and_what_they_touch(tree: Any, mapped: MapTree, fz: Any, scenario: Any) -> None:
    """A scenario with a recorded run touches, one without only names; both are listed with how many."""
    tree({"a.py": RISKY})
    call = {"type": "call", "function": "a:show", "args": [1]}
    path = scenario("scenarios/ran", [call])
    scenario("scenarios/named", [{**call, "function": "a:plain"}])
    tree({"requests.py": ""})
    assert fz("run", path, "--allow-code").code == 0
    suites = {each.scenario: each for each in mapped("overkill", min_risk=0).suites}
    assert suites["scenarios/ran.fozzy.json"].touches == ["a.py:13 show"]
    assert suites["scenarios/named.fozzy.json"].touches == [] and suites["scenarios/named.fozzy.json"].runs == 0


def test_the_same_tree_makes_the_same_map(tree: Any, project: Path, fz_env: dict[str, str]) -> None:
    """Two processes with other hash seeds say the same, byte for byte."""
    tree({f"p{number}/a.py": RISKY for number in range(5)} | {"scenarios/a.fozzy.json": '{"x": ["charge", "show"]}'})
    said = set()
    for seed in ("1", "2"):
        words = [sys.executable, "-m", "fozzy", "map", "suites", "--json", "--min-risk", "0", "--all"]
        done = subprocess.run(words, env={**fz_env, "PYTHONHASHSEED": seed}, capture_output=True, check=False)
        said.add(done.stdout)
    (document,) = said
    assert len(json.loads(document)["hotspots"]) == 15


def test_ten_thousand_small_files(project: Path, mapped: MapTree) -> None:
    """All of them are read, and nothing about the map grows with their number but its lists."""
    for folder in range(100):
        (project / f"p{folder}").mkdir()
        for number in range(100):
            (project / f"p{folder}/m{number}.py").write_text("def f(lock):\n    pass\n")
    found = mapped("overkill")
    assert found.files.read == len(found.hotspots) == 10_000 and not found.is_degraded


def test_names_no_screen_can_show(tree: Any, mapped: MapTree) -> None:
    """Spaces, line ends and bytes that are no UTF-8 in names: the map has them, and can be written as JSON."""
    root = tree({"a b/c\nd.py": RISKY})
    (root / b"\xff.py".decode("utf-8", "surrogateescape")).write_text(RISKY)
    found = mapped("balanced")
    assert len(found.hotspots) == 2
    assert b"a b/c\\nd.py" in msgspec.json.encode(found.hotspots)
