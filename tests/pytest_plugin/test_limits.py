"""Limits of real time: `fozzy chaos run` sets them, and a replay of what took too long has the one that was kept."""

from __future__ import annotations

import pytest

from fozzy.pytest_plugin.limits import TookTooLong
from fozzy.pytest_plugin.state import TOO_LONG
from tests.pytest_plugin.project import Project

TELLING = ("-p", "fozzy.pytest_plugin.telling", "--chaos-told=told", "--chaos-limit=1")
SUITE = """
import threading
import time
import pytest

@pytest.mark.chaos
def test_works(virtual_time):
    number = 0
    while True:
        number += 1

@pytest.mark.chaos
def test_waits(redis_proxy, virtual_time):
    threading.Event().wait()

@pytest.mark.chaos
def test_looks(virtual_time):
    until = time.monotonic() + 5
    while time.monotonic() < until:
        pass

@pytest.mark.chaos
def test_fails(virtual_time):
    assert False
"""


@pytest.mark.parametrize("name", ["test_works", "test_waits", "test_looks"])
def test_what_took_too_long_does_so_again(project: Project, name: str) -> None:
    """A plain replay ends it at the limit it had; mended it ends by itself."""
    project.write("test_it.py", SUITE)
    ran = project.run(f"test_it.py::{name}", *TELLING)
    assert "TookTooLong" in ran.said, ran.said
    trace = f".fozzy/chaos/test_it.{name}.fozzy"
    again = project.run(f"test_it.py::{name}", "--chaos-replay", trace)
    assert f"replay of {trace}: SAME: TookTooLong" in again.said, again.said
    project.write("test_it.py", f"def {name}(chaos): pass")
    assert f"replay of {trace}: FIXED" in project.run("--chaos-replay", trace).said


def test_what_failed_in_time_has_no_limit_afterwards(project: Project) -> None:
    """Who looks at its replay with a debugger has all the time there is."""
    project.write("test_it.py", SUITE)
    project.run("test_it.py::test_fails", *TELLING)
    project.write("test_it.py", SUITE.replace("assert False", "import signal; assert signal.getitimer(0)[0]"))
    again = project.run("--chaos-replay", ".fozzy/chaos/test_it.test_fails.fozzy")
    assert "SAME: AssertionError" in again.said, again.said


def test_its_name_is_what_traces_say() -> None:
    """Whoever compares failures goes by it."""
    assert TookTooLong.__name__ == TOO_LONG
