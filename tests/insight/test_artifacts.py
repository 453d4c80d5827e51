"""What runs leave, listed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from fozzy.errors import EvidenceError, StoreError
from fozzy.insight.artifacts import artifacts_of, check_traces, files_of, kind_of, runs
from fozzy.insight.recall import Named, find
from fozzy.trace.store import Store

STORE = Store(Path(".fozzy"))


def names(word: str) -> list[str]:
    """The names of a run's files."""
    return [file.name for file in files_of(find(STORE, word))]


def test_the_files_of_a_run(single: Named) -> None:
    """Everything in the folder is listed, sorted, by its kind, size and digest; hidden files and links are not."""
    assert single.folder is not None
    (single.folder / ".hidden").write_text("x")
    os.symlink("/etc/passwd", single.folder / "link.json")
    listed = artifacts_of(files_of(single))
    assert [(each.name, each.kind) for each in listed] == [
        ("summary.json", "summary"),
        ("trace.coverage.json", "coverage"),
        ("trace.fozzy", "trace"),
        ("trace.profile.json", "profile"),
    ]
    for each in listed:
        data = (single.folder / each.name).read_bytes()
        assert (each.size_bytes, each.blake3) == (len(data), blake3(data).hexdigest())


def test_a_member_and_a_trace_elsewhere_have_their_own_files(suite: Named, fz: Any) -> None:
    """One scenario of a suite has its trace and side files; so has a trace that no store holds."""
    assert suite.folder is not None
    for name in ("2.profile.json", "22.profile.json", "3.coverage.json"):
        (suite.folder / name).write_text("{}")
    assert names(f"{suite.run_id}/2") == ["2.fozzy", "2.profile.json"]
    assert names(f"{suite.run_id}/3") == ["3.coverage.json", "3.fozzy"]
    Path("away").mkdir()
    for name in ("2.fozzy", "2.profile.json"):
        Path("away", name).write_bytes((suite.folder / name).read_bytes())
    Path("away/other.json").write_text("{}")
    Path(".fozzy").rename("gone")
    assert names("away/2.fozzy") == ["2.fozzy", "2.profile.json"]


def test_runs_are_listed_the_newest_first_and_none_is_dropped(suite: Named, fz: Any, scenario: Any) -> None:
    """A run that was killed and one whose summary makes no sense are in the list, each as what it is."""
    fz("run", scenario("p", [{"type": "assert_ok", "value": True}]), "--seed", "9")
    good = STORE.run_of("latest")
    STORE.folder("00000001").mkdir()
    STORE.folder("00000002").mkdir()
    (STORE.folder("00000002") / "summary.json").write_text("{")
    listed = {run.run_id: run for run in runs(STORE)}
    assert {run_id: run.status for run_id, run in listed.items()} == {
        good: "pass",
        suite.run_id: "fail",
        "00000001": "unfinished",
        "00000002": "damaged",
    }
    assert (listed[good].command, listed[good].seed, listed[good].aliases) == ("run", 9, ["latest", "last-pass"])
    assert (listed[suite.run_id].traces, listed[suite.run_id].files) == (2, 3)
    times = [run.started_at for run in runs(STORE)]
    assert times == sorted(times, reverse=True) and all(times)


def test_what_is_being_written_is_no_file_of_a_run(single: Named) -> None:
    """A summary on its way is left out, a trace that a killed run left is not."""
    assert single.folder is not None
    (single.folder / "summary.json.0badcafe.partial").write_text("{")
    (single.folder / "1.fozzy.0badcafe.partial").write_text("{")
    assert "1.fozzy.0badcafe.partial" in names(single.run_id)
    assert "summary.json.0badcafe.partial" not in names(single.run_id)
    assert kind_of("1.fozzy.0badcafe.partial") == "partial" and kind_of("report.html") == "other"


def test_a_run_that_kept_nothing(fz: Any) -> None:
    """An empty folder is a clear error."""
    STORE.folder("00000001").mkdir(parents=True)
    with pytest.raises(StoreError) as caught:
        files_of(find(STORE, "00000001"))
    assert caught.value.code == "artifacts.nothing"


def test_a_damaged_trace_is_noticed(single: Named) -> None:
    """A byte that was flipped breaks the seal."""
    assert single.trace is not None
    check_traces(files_of(single))
    data = bytearray(single.trace.read_bytes())
    data[len(data) // 2] ^= 1
    single.trace.write_bytes(data)
    with pytest.raises(EvidenceError):
        check_traces(files_of(single))
