"""Kept failures: named after their scenario, never twice, each a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.errors import EvidenceError, StoreError
from fozzy.search.shrink import regression
from fozzy.search.shrink.regression import folder_for, keep_in, keep_smaller, kept_already, kept_name

NOISE = {"type": "trace_event", "name": "e"}


def fail(message: str) -> dict[str, Any]:
    return {"type": "fail", "message": message}


def fine(trace: Path) -> None:
    assert trace.is_file()


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        ("scenarios/cart.fozzy.json", "cart.fozzy"),
        ("scenarios/checkout/pay.fozzy.toml", "checkout-pay.fozzy"),
        ("a.min.fozzy.json", "a.fozzy"),
        ("/tmp/x/a.fozzy.json", "tmp-x-a.fozzy"),
        ("../x/a.fozzy.json", "x-a.fozzy"),
    ],
)
def test_it_is_named_after_its_scenario(scenario: str, name: str) -> None:
    """A path becomes one name; shrunk again it is the same."""
    assert kept_name(scenario) == name


def test_the_same_run_is_kept_once_and_another_beside_it(bench: Any) -> None:
    """Two failures of one scenario have two names, and each is found again."""
    folder = bench.folder / "kept"
    keep = bench.keeping()._replace(target=folder)
    one, other = bench.failing([fail("one")]), bench.failing([fail("other")])
    first = keep_in(one, one.first, keep, fine)
    second = keep_in(other, other.first, keep, fine)
    assert [first.name, second.name] == ["a-n.fozzy", "a-n.1.fozzy"]
    assert keep_in(one, one.first, keep, fine) == first
    assert keep_in(other, other.first, keep, fine) == second
    assert sorted(path.name for path in folder.iterdir()) == ["a-n.1.fozzy", "a-n.fozzy"]
    assert kept_already(first, folder, "a-n.fozzy") == first
    assert kept_already(first, folder, "b.fozzy") is None
    (folder / "a-n.2.fozzy").write_text("no trace")
    assert keep_in(one, one.first, keep, fine) == first
    (folder / "a-n.2.fozzy").unlink()
    assert {bench.verdict(path) for path in folder.iterdir()} == {"SAME"}


def test_a_failing_trace_is_made_smaller_and_kept(bench: Any) -> None:
    """All in one: opened, shrunk, checked, named."""
    _, trace = bench.record([NOISE, fail("no"), NOISE])
    keep = bench.keeping()._replace(target=bench.folder / "kept")
    kept = keep_smaller(trace, keep, fine)
    assert (kept.steps, kept.choices, kept.end, kept.warning) == (1, 0, "converged", "")
    assert bench.verdict(kept.path) == "SAME"


def test_what_does_not_hold_when_smaller_is_kept_as_it_was(bench: Any) -> None:
    """With a warning; what does not hold at all is an error, and nothing is kept."""
    _, trace = bench.record([NOISE, fail("no")])
    keep = bench.keeping()._replace(target=bench.folder / "kept")
    asked: list[Path] = []

    def once(path: Path) -> None:
        asked.append(path)
        if len(asked) == 1:
            raise EvidenceError("trace.not_alone", "it differs", hint="")

    kept = keep_smaller(trace, keep, once)
    assert kept.steps == 2
    assert kept.warning == "kept as it was: it differs"

    def never(path: Path) -> None:
        raise EvidenceError("trace.not_alone", "it differs", hint="")

    with pytest.raises(EvidenceError):
        keep_smaller(trace, keep._replace(target=bench.folder / "none"), never)
    assert list((bench.folder / "none").iterdir()) == []


def test_a_failure_of_a_suite_has_its_own_budget(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it is over, what was reached is kept."""
    monkeypatch.setattr(regression, "BUDGET_NS", 0)
    _, trace = bench.record([NOISE, fail("no")])
    kept = keep_smaller(trace, bench.keeping()._replace(target=bench.folder / "kept"), fine)
    assert (kept.steps, kept.end) == (2, "budget")


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """A file in its place is said; one that is missing is made, with those above it."""
    assert folder_for(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as raised:
        folder_for(tmp_path / "file")
    assert raised.value.code == "store.unwritable"
