"""`fozzy test --last-failed`: what failed is found again, whatever happened since."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fozzy.cli.last_failed import last_failed
from fozzy.trace.store import Store

PASSES = [{"type": "sleep", "duration": "1ms"}]
FAILS = [{"type": "fail", "message": "no"}]


@pytest.fixture
def suite(fz: Any, scenario: Any) -> Any:
    """Three scenarios of which two fail, run once with a seed."""
    Path("fozzy.toml").write_text("det = true\n")
    scenario("scenarios/good", PASSES)
    scenario("scenarios/bad", FAILS)
    scenario("scenarios/sub/worse", FAILS)
    assert fz("test", "--seed", "42", "-j1").code == 1
    return fz


def ran(said: Any) -> list[str]:
    """The paths that ran."""
    return sorted(member["path"] for member in said.document().get("scenarios", []))


def test_only_what_failed_runs_with_its_seed(suite: Any) -> None:
    """The failing ones run and no other, with the seed of that run, so that they fail the same way."""
    said = suite("test", "--last-failed", "--json", "-j1")
    assert said.code == 1
    assert ran(said) == ["scenarios/bad.fozzy.json", "scenarios/sub/worse.fozzy.json"]
    assert said.document()["identity"]["seed"] == 42
    assert "2 scenarios failed in the last test run" in said.err


def test_a_seed_that_is_given_wins(suite: Any) -> None:
    """--seed is obeyed as ever."""
    assert suite("test", "--lf", "--seed", "7", "--json", "-j1").document()["identity"]["seed"] == 7


def test_it_narrows_until_everything_passes(suite: Any, scenario: Any) -> None:
    """What was mended drops out; when the last run passed everything runs, and it says so."""
    scenario("scenarios/bad", PASSES)
    assert len(ran(suite("test", "--lf", "--json", "-j1"))) == 2
    scenario("scenarios/sub/worse", PASSES)
    assert ran(suite("test", "--lf", "--json", "-j1")) == ["scenarios/sub/worse.fozzy.json"]
    after = suite("test", "--lf", "--json", "-j1")
    assert len(ran(after)) == 3
    assert "the last test run passed, so everything runs" in after.err


def test_other_runs_in_between_do_not_matter(suite: Any) -> None:
    """A single run and a test run that found nothing are not what is meant."""
    assert suite("run", "scenarios/good.fozzy.json").code == 0
    assert suite("test", "-k", "nothing like it").code == 5
    assert len(ran(suite("test", "--lf", "--json", "-j1"))) == 2


def test_paths_narrow_it_further(suite: Any) -> None:
    """With paths only the failing ones among them run; none of them is exit 5."""
    assert ran(suite("test", "--lf", "scenarios/sub", "--json", "-j1")) == ["scenarios/sub/worse.fozzy.json"]
    assert suite("test", "--lf", "scenarios/good.fozzy.json", "-j1").code == 5


def test_from_another_folder(suite: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called from below the project it finds the same files."""
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    said = suite("test", "--lf", "--json", "-j1")
    assert [os.path.basename(path) for path in ran(said)] == ["bad.fozzy.json", "worse.fozzy.json"]


def test_files_that_are_gone_are_counted(suite: Any) -> None:
    """A failing scenario that was deleted is told of; with all of them gone nothing runs."""
    Path("scenarios/bad.fozzy.json").unlink()
    said = suite("test", "--lf", "--json", "-j1")
    assert "2 scenarios failed in the last test run, 1 of them no longer there" in said.err
    assert ran(said) == ["scenarios/sub/worse.fozzy.json"]
    Path("scenarios/sub/worse.fozzy.json").unlink()
    assert suite("test", "--lf", "-j1").code == 5


def test_before_the_first_run(fz: Any, scenario: Any) -> None:
    """Without any test run everything runs, and it says so."""
    scenario("scenarios/good", PASSES)
    said = fz("test", "--lf", "--json", "-j1")
    assert said.code == 0
    assert "there is no test run yet, so everything runs" in said.err


def test_a_damaged_summary_is_no_run(suite: Any) -> None:
    """A summary that cannot be read is passed over."""
    store = Store(Path(".fozzy"))
    run_id = (store.runs_dir / "latest").read_text()
    (store.folder(run_id) / "summary.json").write_text("{")
    assert last_failed(store, Path()).failed == set()


def test_the_failing_screen_offers_it(suite: Any) -> None:
    """A failing suite ends with the command, flags included, and it runs these."""
    said = suite("test", "--no-det", "-j1")
    assert "fozzy test --last-failed --no-det" in said.out
    assert "run only these" in said.out
    one = suite("test", "scenarios/bad.fozzy.json", "-j1")
    assert "run only this one" in one.out
