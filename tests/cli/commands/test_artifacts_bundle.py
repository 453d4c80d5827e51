"""`fozzy artifacts bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FAIL = [{"type": "assert_eq_int", "a": 1, "b": 2}]


@pytest.fixture
def run(fz: Any, scenario: Any) -> str:
    """A failing run; its id."""
    fz("run", scenario("a", FAIL), "--seed", "3", "--det")
    return Path(".fozzy/runs/latest").read_text()


def test_it_is_named_by_the_run_and_says_what_it_found(fz: Any, run: str) -> None:
    """Without --out the archive has the run's id; the screen and the document say trust and verdict."""
    said = fz("artifacts", "bundle", "@latest")
    assert said.code == 0 and f"{run}.bundle.zip" in said.out
    assert "trusted" in said.out and "SAME" in said.out
    taken = fz("artifacts", "bundle", "@latest", "--json")
    assert taken.document()["error"]["code"] == "artifacts.exists"
    document = fz("artifacts", "bundle", "@latest", "--json", "--force").document()
    assert (document["trusted"], document["verdict"], document["run"]["runId"]) == (True, "SAME", run)
    assert document["sizeBytes"] == Path(f"{run}.bundle.zip").stat().st_size


def test_a_run_that_cannot_be_replayed_still_ends_well(fz: Any, scenario: Any) -> None:
    """Why there is no verdict is said, and the bundle is written."""
    Path("shop.py").write_text("def one():\n    return 1\n")
    fz("run", scenario("a", [{"type": "call", "function": "shop:one", "expect": 2}]), "--allow-code")
    said = fz("artifacts", "bundle", "@latest", "--out", "b.zip")
    assert said.code == 0 and "not possible: " in said.out
    document = fz("artifacts", "bundle", "@latest", "--out", "c.zip", "--json").document()
    assert document["verdict"] is None
    assert fz("artifacts", "bundle", "@latest", "--out", "d.zip", "--allow-code", "-q").out.count("\n") == 1
