"""`fozzy artifacts prune`, and what happens after runs by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fozzy import wall

STEPS = [{"type": "sleep", "duration": "1ms"}]


@pytest.fixture
def runs(fz: Any, scenario: Any) -> Any:
    """Five runs, a second apart."""
    Path("fozzy.toml").write_text("det = true\n")
    scenario("a", STEPS)
    for number in range(5):
        assert fz("run", "a.fozzy.json").code == 0
        latest = Path(".fozzy/runs") / Path(".fozzy/runs/latest").read_text()
        for path in (latest, *latest.iterdir()):
            os.utime(path, (wall.now_s() - 10 + number,) * 2)
    return fz


def kept() -> list[str]:
    """The runs in the store."""
    return [name for name in os.listdir(".fozzy/runs") if len(name) == 8]


def test_dry_run_removes_nothing(runs: Any) -> None:
    """It says what would go and why, and leaves it."""
    said = runs("artifacts", "prune", "--dry-run", "--runs", "2")
    assert said.code == 0
    assert said.out.count("would go") == 3 and "too many runs" in said.out
    assert "3 runs would be removed" in said.out and "2 runs kept" in said.out
    assert len(kept()) == 5


def test_it_removes_the_oldest(runs: Any) -> None:
    """The youngest stay, and @latest can still be replayed."""
    document = runs("artifacts", "prune", "--runs", "2", "--json").document()
    assert len(document["removed"]) == 3 and document["kept"] == 2
    assert document["removedBytes"] == sum(each["sizeBytes"] for each in document["removed"]) > 0
    assert {each["reason"] for each in document["removed"]} == {"runs"}
    assert len(kept()) == 2
    assert runs("replay", "@latest").code == 0


def test_the_named_stay_whatever_is_asked(runs: Any) -> None:
    """--runs 0 leaves what the aliases name."""
    runs("artifacts", "prune", "--runs", "0")
    assert kept() == [Path(".fozzy/runs/latest").read_text()]


def test_size_and_days(runs: Any) -> None:
    """The other limits work as the first."""
    assert "0 runs removed" in runs("artifacts", "prune").out
    assert "4 runs removed" in runs("artifacts", "prune", "--size", "1", "-q").out
    said = runs("artifacts", "prune", "--days", "-1")
    assert said.code == 2 and "--days must be 0 or more" in said.err


def test_runs_keep_the_store_within_its_limits(runs: Any, scenario: Any) -> None:
    """[retention] in the configuration holds after every run and test run, without being asked."""
    Path("fozzy.toml").write_text("det = true\n[retention]\nruns_max = 3\n")
    assert runs("run", "a.fozzy.json").code == 0
    assert len(kept()) == 3
    assert runs("test", "a.fozzy.json", "-j1").code == 0
    assert len(kept()) == 3


def test_unknown_and_impossible_limits_are_errors(runs: Any) -> None:
    """A limit that does not exist is an error with its line and a suggestion, and so is one that makes no sense."""
    Path("fozzy.toml").write_text("[retention]\nrun_max = 3\n")
    said = runs("env")
    assert said.code == 2 and 'did you mean "runs_max"?' in said.err and "fozzy.toml:2:1" in said.err
    Path("fozzy.toml").write_text("[retention]\nruns_max = 0\n")
    assert runs("env").code == 2


def test_every_word_lists_the_same_files(runs: Any) -> None:
    """A trace, an id, a prefix and @latest list the same files and say the same run, each how it was named."""
    run_id = Path(".fozzy/runs/latest").read_text()
    said = {}
    for word, by in ((run_id, "id"), (run_id[:5], "prefix"), ("@latest", "alias"), ("latest", "alias")):
        document = runs("artifacts", "ls", word, "--json").document()
        assert (document["run"].pop("by"), document["run"].pop("word")) == (by, word)
        said[word] = document
    path = f".fozzy/runs/{run_id}/trace.fozzy"
    by_path = runs("artifacts", "ls", path, "--json").document()
    assert (by_path["run"].pop("by"), by_path["run"].pop("word")) == ("path", path)
    assert all(each == by_path for each in said.values())
    assert by_path["run"]["runId"] == run_id
    assert [file["name"] for file in by_path["files"]] == ["summary.json", "trace.fozzy"]
    assert f"run {run_id}, trace {path}, named by" in runs("artifacts", "ls", "@latest").out


def test_the_list_has_every_run(runs: Any) -> None:
    """All runs are listed; -q is one line."""
    document = runs("artifacts", "ls", "--json").document()
    assert sorted(run["runId"] for run in document["runs"]) == sorted(kept())
    assert document["sizeBytes"] == sum(run["sizeBytes"] for run in document["runs"])
    said = runs("artifacts", "ls")
    assert said.out.count("     PASS  ") == 5 and "5 runs, " in said.out and "@latest is " in said.out
    assert len(runs("artifacts", "ls", "-q").out.splitlines()) == 1
