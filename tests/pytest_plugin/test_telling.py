"""What the runner's pytest tells: which tests are ours, what came of each, which took too long."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.gate.resilience.told import Chosen, Ended, Phase, Reader, Refused
from fozzy.pytest_plugin.telling import ended
from tests.pytest_plugin.project import Project

SUITE = """
import socket
import time
import pytest

@pytest.mark.chaos_network
def test_passes(virtual_time):
    time.sleep(3600)

@pytest.mark.chaos
def test_fails():
    assert 1 == 2

@pytest.mark.chaos
def test_is_left_out():
    pytest.skip("no such server")

@pytest.mark.chaos
@pytest.mark.xfail(reason="known")
def test_fails_as_known():
    assert False

@pytest.fixture
def broken():
    raise RuntimeError("no")

@pytest.mark.chaos
def test_has_no_fixture(broken):
    pass

@pytest.mark.chaos
def test_waits_for_ever():
    one, other = socket.socketpair()
    with one, other:
        one.recv(1)

def test_of_others():
    pass
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_is_told(project: Project, tmp_path: Path, jobs: int) -> None:
    """Each outcome is what it was, others' tests are counted and not run, and what waits for ever does not: workers too."""
    project.write("test_it.py", SUITE)
    project.write("test_broken.py", "import nothing_of_that_name")
    more = ["-n2"] if jobs > 1 else []
    words = ["-p", "fozzy.pytest_plugin.telling", "--chaos-told=told", "--chaos-limit=5"]
    ran = project.run(*words, *more, "--continue-on-collection-errors", "--chaos-seed=7")
    said = Reader(tmp_path / "told").more()
    assert [(each.tests, each.others, each.seed) for each in said if isinstance(each, Chosen)] == [(6, 1, 7)], ran.said
    outcomes = {each.test.rpartition("::")[2]: each for each in said if isinstance(each, Ended)}
    assert {name: (each.outcome, each.phase) for name, each in outcomes.items()} == {
        "test_passes": ("passed", ""),
        "test_fails": ("failed", "call"),
        "test_is_left_out": ("skipped", "call"),
        "test_fails_as_known": ("xfailed", ""),
        "test_has_no_fixture": ("error", "setup"),
        "test_waits_for_ever": ("timeout", "call"),
    }
    assert outcomes["test_is_left_out"].message == "no such server"
    assert "5 s of real time in its call" in outcomes["test_waits_for_ever"].message
    assert dict(outcomes["test_passes"].properties)["chaos.time"].startswith("3600.0")
    refused = [each for each in said if isinstance(each, Refused)]
    assert [each.place for each in refused] == ["test_broken.py"] and "nothing_of_that_name" in refused[0].message
    phases = [each for each in said if isinstance(each, Phase)]
    assert len({each.pid for each in phases}) == jobs and len(phases) >= 6


def test_a_body_that_passed_may_fail_at_its_end() -> None:
    """The first phase that failed decides."""

    def report(when: str, outcome: str) -> pytest.TestReport:
        return pytest.TestReport("a", ("a", 1, "a"), {}, outcome, None, when)  # type: ignore[arg-type]

    found = ended([report("setup", "passed"), report("call", "passed"), report("teardown", "failed")])
    assert (found.outcome, found.phase) == ("error", "teardown")
