"""What a session is told: options that cannot be are refused before anything runs, and names are those of the shell."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fozzy.errors import UsageError
from fozzy.pytest_plugin.settings import Settings, command_of
from tests.pytest_plugin.project import Project

GIVEN = {
    "chaos_seed": "0", "chaos_runs": 1, "chaos_time": "virtual", "chaos_strict": "on", "chaos_shrink": False,
    "chaos_require_services": False, "chaos_state": "reset", "chaos_replay": None, "chaos_trace_dir": None, "chaos_limit": None,
}  # fmt: skip


def settings(folder: Path, **given: Any) -> Settings:
    """Settings as of a session that began in the folder `here` of the root."""
    config: Any = SimpleNamespace(
        getoption=lambda dest, default: {**GIVEN, **given}[dest.removeprefix("fozzy_")],
        getini=lambda name: [],
        rootpath=folder,
        invocation_params=SimpleNamespace(dir=folder / "here"),
        stash=pytest.Stash(),
    )
    return Settings(config)


@pytest.mark.parametrize("seed", ["-1", "x", str(1 << 53), "1.5", ""])
def test_a_seed_that_cannot_be_is_refused(tmp_path: Path, seed: str) -> None:
    """A seed is from 0 to 2^53-1, or the word `random`."""
    with pytest.raises(UsageError, match="--chaos-seed"):
        settings(tmp_path, chaos_seed=seed)
    assert settings(tmp_path, chaos_seed=str((1 << 53) - 1)).seed == (1 << 53) - 1
    assert settings(tmp_path, chaos_seed="random").seed != settings(tmp_path, chaos_seed="random").seed


def test_a_seed_that_nobody_said_is_one_for_all_workers(project: Project) -> None:
    """Each worker of pytest-xdist runs the test; in the next session it is another seed."""
    project.write(
        "test_it.py",
        """
        import os
        import pytest

        @pytest.mark.chaos
        def test_it(chaos):
            with open("seeds", "a") as file:
                file.write(f"{os.environ['PYTEST_XDIST_WORKER']} {chaos.seed}\\n")
        """,
    )
    for _ in range(2):
        ran = project.run("-n", "2", "--dist", "each", "--chaos-seed", "random")
        assert (ran.code, ran.passed) == (0, 2), ran.said
    said = [line.split() for line in (project.folder / "seeds").read_text().splitlines()]
    workers, seeds = zip(*said, strict=True)
    assert sorted(workers) == ["gw0", "gw0", "gw1", "gw1"]
    assert seeds[0] == seeds[1] != seeds[2] == seeds[3]


def test_no_runs_are_refused(tmp_path: Path) -> None:
    """There is at least one run."""
    with pytest.raises(UsageError, match="--chaos-runs"):
        settings(tmp_path, chaos_runs=0)


def test_the_command_is_one_that_can_be_typed_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are relative to where pytest was called, and what a shell would take apart is quoted."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    told = settings(tmp_path)
    shown = command_of(told, "tests/test_a.py::test_it[a b]", told.trace_of("tests/test_a.py::test_it[a b]"))
    name = "tests.test_a.test_it-a-b-"
    assert shown.startswith(f"pytest '../tests/test_a.py::test_it[a b]' --chaos-replay {tmp_path}/.fozzy/chaos/{name}")


def test_names_of_traces_differ_as_tests_do(tmp_path: Path) -> None:
    """What a file name cannot hold is told apart by a digest; a plain name stays plain."""
    told = settings(tmp_path)
    assert told.trace_of("a/test_b.py::C::test_d").name == "a.test_b.C.test_d.fozzy"
    assert told.trace_of("t.py::x[a/b]").name != told.trace_of("t.py::x[a-b]").name
    assert told.trace_of("t.py::x", is_shrunk=True).name == "t.x.min.fozzy"
    assert len(told.trace_of("t.py::x[" + "y" * 1000 + "]").name) < 200
