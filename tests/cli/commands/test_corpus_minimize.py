"""`fozzy corpus minimize`: less inputs, the same coverage, nothing lost that nobody ran."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MODULE = '''\
import time


def parse(data: bytes) -> int:
    """Takes one way for each of some letters."""
    found = 0
    if b"a" in data:
        found += 1
    if b"b" in data:
        found += 2
    if b"c" in data:
        found += 4
    if b"X" in data:
        raise ValueError("x")
    if b"Y" in data:
        raise KeyError("y")
    if b"Z" in data:
        time.sleep(1_000)
    return found
'''
INPUTS = ("a", "b", "c", "ab", "abc", "abc or more", "", "X", "aX", "Y")


@pytest.fixture
def seeds(project: Path, fz: Callable[..., Any]) -> Path:
    """A corpus of which few inputs matter."""
    (project / "parsing.py").write_text(MODULE)
    for text in INPUTS:
        assert fz("corpus", "add", "seeds", "--text", text).code == 0
    return Path("seeds")


def held(folder: Path) -> list[str]:
    """What the entries hold, sorted."""
    return sorted(path.read_text() for path in folder.iterdir() if not path.name.startswith("."))


WORDS = ("corpus", "minimize", "py:parsing:parse", "--corpus", "seeds")


def test_coverage_is_kept_and_the_rest_goes(seeds: Path, fz: Callable[..., Any]) -> None:
    """All is reached that was; one of each crash stays; doing it again removes nothing."""
    first = fz(*WORDS, "--json").document()
    left = held(seeds)
    assert len(first["kept"]) == len(left) < len(INPUTS)
    assert len(first["removed"]) == len(INPUTS) - len(left)
    assert sum("X" in text for text in left) == 1
    assert "Y" in left
    assert len(first["crashing"]) == 2
    assert "abc or more" not in left
    second = fz(*WORDS, "--json").document()
    assert (second["features"], second["removed"]) == (first["features"], [])
    assert held(seeds) == left


def test_a_dry_run_changes_nothing(seeds: Path, fz: Callable[..., Any]) -> None:
    """It tells what would go, which is what goes."""
    before = held(seeds)
    told = fz(*WORDS, "--dry-run", "--json").document()
    assert held(seeds) == before
    done = fz(*WORDS, "--json").document()
    assert told["dryRun"] and not done["dryRun"]
    assert told["removed"] == done["removed"] != []
    assert fz(*WORDS, "--dry-run").out.startswith("  seeds: ")
    assert "0 would be removed" in fz(*WORDS, "--dry-run", "-q").out


def test_the_corpus_of_a_campaign(seeds: Path, fz: Callable[..., Any]) -> None:
    """What a campaign keeps for a target is found by the target's own words."""
    Path("parsing.py").write_text(MODULE.replace("time.sleep(1_000)", "pass"))
    campaign = fz("fuzz", "py:parsing:parse", "--corpus", "py:parsing:parse", "--runs", "1500", "--seed", "1", "--json")
    assert campaign.code == 1, campaign.out
    assert campaign.document()["fuzz"]["corpusAdded"] > 0
    document = fz("corpus", "minimize", "py:parsing:parse", "--json").document()
    assert document["kept"]
    assert document["path"].startswith(".fozzy/corpus/")


def test_scenarios_and_programs(seeds: Path, scenario: Callable[..., Path], fz: Callable[..., Any]) -> None:
    """A scenario's inputs are its draws; a program's are told apart by what it answers."""
    path = scenario("two", [
        {"type": "rand_int", "key": "n", "min": 0, "max": 9},
        {"type": "if", "that": "${n}", "less": 5, "then": [{"type": "trace_event", "name": "low"}]},
    ])  # fmt: skip
    for value in (1, 2, 3, 7, 8):
        text = json.dumps({"draws": [["rand.n", 0, 9, value]]})
        assert fz("corpus", "add", "draws", "--text", text).code == 0
    document = fz("corpus", "minimize", f"scenario:{path}", "--corpus", "draws", "--json").document()
    assert 1 < len(document["kept"]) < 5
    program = Path("count")
    program.write_text("#!/bin/sh\nread x\ncase $x in a*) echo yes;; *) exit 1;; esac\n")
    program.chmod(0o755)
    kept = fz("corpus", "minimize", "cmd:./count", "--corpus", "seeds", "--json").document()["kept"]
    assert len(kept) == 2
    assert {text[:1] == "a" for text in held(seeds)} == {True, False}


def test_what_was_not_run_is_kept(seeds: Path, fz: Callable[..., Any]) -> None:
    """Where too many inputs hang the rest is not run, and stays."""
    for index in range(8):
        fz("corpus", "add", "slow", "--text", f"Z{index}")
    fz("corpus", "add", "slow", "--text", "c")
    before = held(Path("slow"))
    document = fz("corpus", "minimize", "py:parsing:parse", "--corpus", "slow", "--json").document()
    assert "c" in held(Path("slow"))
    assert document["crashing"]
    assert set(held(Path("slow"))) <= set(before)
