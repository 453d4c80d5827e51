"""`fozzy artifacts diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FAIL = [{"type": "rand_u64", "key": "k"}, {"type": "assert_eq_int", "a": 1, "b": 2}]


@pytest.fixture
def runs(fz: Any, scenario: Any) -> Any:
    """Three runs: two with one seed, recorded as a and b, and one with another, as c."""
    path = scenario("a", FAIL)
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        fz("run", path, "--seed", seed, "--det", "--record", f"{name}.fozzy")
    return fz


def test_same_and_different_are_exit_statuses(runs: Any) -> None:
    """0 for the same, 1 for a difference, which is told with the record where they part."""
    assert runs("artifacts", "diff", "a.fozzy", "b.fozzy").code == 0
    said = runs("artifacts", "diff", "a.fozzy", "@latest")
    assert said.code == 1 and "they part at record #0" in said.out and "identity.seed" in said.out
    assert runs("artifacts", "diff", "a.fozzy", "c.fozzy", "-q").out.count("\n") == 1


def test_both_runs_are_said(runs: Any) -> None:
    """The document says which runs they are and how each was named."""
    document = runs("artifacts", "diff", "a.fozzy", "@latest", "--json").document()
    assert (document["status"], document["a"]["by"], document["b"]["by"]) == ("fail", "path", "alias")
    assert document["b"]["runId"] == Path(".fozzy/runs/latest").read_text()


def test_what_the_screen_tells_to_paste_looks_closer(runs: Any, scenario: Any, pasted: Any) -> None:
    """The command at the end compares the traces; for suites, one scenario that both kept."""
    (words,) = pasted(runs("artifacts", "diff", "a.fozzy", "c.fozzy").out)
    assert words[:2] == ["trace", "diff"] and runs(*words).code == 1
    for seed in ("1", "2"):
        scenario("s/a", FAIL)
        runs("test", "s", "--seed", seed, "-j1")
    first = sorted(Path(".fozzy/runs").glob("*/1.fozzy"))
    ids = [path.parent.name for path in first]
    (words,) = pasted(runs("artifacts", "diff", *ids).out)
    assert words[:2] == ["artifacts", "diff"] and runs(*words).code == 1


def test_many_differences_are_bounded(runs: Any) -> None:
    """A screen has at most twenty of a sort and says how many more there are; the document has them."""
    ids = sorted(path.parent.name for path in Path(".fozzy/runs").glob("*/trace.fozzy"))
    for number, run_id in enumerate(ids):
        steps = ", ".join(f'"s{n}": {n + number}' for n in range(50))
        Path(f".fozzy/runs/{run_id}/trace.profile.json").write_text(f"{{{steps}}}")
    said = runs("artifacts", "diff", *ids[:2])
    assert "... 30 more   --json lists them" in said.out
    document = runs("artifacts", "diff", *ids[:2], "--json").document()
    assert len(document["diff"]["sides"][0]["differences"]) == 50
