"""The store: runs that cannot be read are found."""

from __future__ import annotations

from pathlib import Path

from fozzy.config import load_config
from fozzy.gate.checks.store import store


def test_a_store_that_is_not_there_yet_is_fine(project: Path) -> None:
    """Nothing is made to look at it."""
    [checked] = store(load_config(None))
    assert (checked.status, list(project.iterdir())) == ("pass", [])


def test_a_damaged_summary_is_found(project: Path) -> None:
    """A run whose summary makes no sense is named with its file; one that is still running is not."""
    for name in ("0123abcd", "0123abce"):
        (project / ".fozzy/runs" / name).mkdir(parents=True)
    (project / ".fozzy/runs/0123abcd/summary.json").write_text("{")
    [problem] = store(load_config(None))[0].found
    assert problem.code == "doctor.unreadable_run"
    assert problem.where is not None and problem.where.file == ".fozzy/runs/0123abcd/summary.json"


def test_a_store_that_cannot_be_written_is_found(project: Path) -> None:
    """A store in whose place a file stands is a problem."""
    (project / ".fozzy").write_text("")
    assert [each.code for each in store(load_config(None))[0].found] == ["doctor.store_unwritable"]
