"""Scenario files as tests of pytest, and what becomes of their run."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from tests.pytest_plugin.project import ROOT, Project, Ran

PASS = '{"version": 1, "name": "one", "steps": [{"type": "sleep", "duration": "1h"}, {"type": "assert_eq_int", "a": 1, "b": 1}]}'
FAIL = PASS.replace('"b": 1', '"b": 2')
MATRIX = """
version = 1
name = "sizes"
matrix = { size = [1, 2, 3] }
tags = ["small"]
[[steps]]
type = "assert_ne_int"
a = "${size}"
b = 2
"""


def fozzy(project: Project, *words: str) -> Ran:
    """A command of ours in the project."""
    done = subprocess.run(
        [sys.executable, "-m", "fozzy", *words],
        cwd=project.folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout + done.stderr)


def test_files_are_tests(project: Project) -> None:
    """One for each combination of a matrix; an hour of sleep takes no time; the failing one shows fozzy's own screen, and
    its command replays it."""
    project.write("scenarios/good.fozzy.json", PASS)
    project.write("scenarios/bad.fozzy.json", FAIL)
    project.write("scenarios/sizes.fozzy.toml", MATRIX)
    ran = project.run("-vv")
    assert (ran.code, ran.passed, ran.failed) == (1, 3, 2), ran.said
    assert "scenarios/good.fozzy.json::scenario PASSED" in ran.said
    assert "scenarios/sizes.fozzy.toml::scenario[size=2] FAILED" in ran.said
    assert re.search(r"^FAILED \S+ - assert_eq_int: .* is not", ran.said, re.M), ran.said
    assert "Traceback" not in ran.said
    command = next(line for line in ran.said.splitlines() if "fozzy replay" in line and "/1.fozzy" in line)
    again = fozzy(project, *command.partition("fozzy ")[2].split())
    assert (again.code, "SAME" in again.said) == (1, True), again.said


def test_a_session_is_one_run(project: Project) -> None:
    """Its summary is in the store, and `@last-fail` is its failing member."""
    project.write("good.fozzy.json", PASS)
    project.write("bad.fozzy.json", FAIL)
    assert project.run().code == 1
    shown = fozzy(project, "report", "show", "@latest", "--json")
    summary = json.loads(shown.said)
    assert summary["tests"] == {"passed": 1, "failed": 1, "skipped": 0}, shown.said
    assert fozzy(project, "replay", "@last-fail").code == 1


def test_a_failure_that_is_expected_passes_and_one_that_is_missing_fails(project: Project) -> None:
    """As under `fozzy test`."""
    project.write("bad.fozzy.json", FAIL[:-1] + ', "expect": {"status": "fail"}}')
    project.write("good.fozzy.json", PASS[:-1] + ', "expect": {"status": "fail"}}')
    ran = project.run()
    assert (ran.passed, ran.failed) == (1, 1), ran.said
    assert "it says it ends with fail" in ran.said


def test_a_file_that_is_wrong_is_an_error(project: Project) -> None:
    """It says where, with a caret; the others are not left out in silence."""
    project.write("wrong.fozzy.json", '{"version": 1, "name": "wrong", "steps": [{"type": "sleeep"}]}')
    project.write("good.fozzy.json", PASS)
    ran = project.run()
    assert (ran.code, ran.errors) == (2, 1), ran.said
    assert "wrong.fozzy.json:1:" in ran.said and "^" in ran.said
    assert 'did you mean "sleep"?' in ran.said


def test_a_suite_is_what_it_names(project: Project) -> None:
    """It is collected where the command line names it, so that nothing runs twice."""
    project.write("all.fozzy.toml", 'version = 1\nname = "all"\n[suites]\nall = ["parts/*.fozzy.json"]\n')
    project.write("parts/a.fozzy.json", PASS)
    project.write("parts/b.fozzy.json", PASS)
    assert project.run().passed == 2
    ran = project.run("-vv", "all.fozzy.toml")
    assert ran.passed == 2, ran.said
    assert "all.fozzy.toml::parts/a.fozzy.json PASSED" in ran.said


def test_tags_choose(project: Project) -> None:
    """`-k` knows the tags of a scenario and its combination."""
    project.write("sizes.fozzy.toml", MATRIX)
    project.write("good.fozzy.json", PASS)
    ran = project.run("-k", "small and not 2")
    assert (ran.code, ran.passed) == (0, 2), ran.said


def test_files_under_xdist(project: Project) -> None:
    """Workers run files of one session, each in a run of its own, and the verdicts are the same."""
    for number in range(4):
        project.write(f"good{number}.fozzy.json", PASS)
    project.write("bad.fozzy.json", FAIL)
    ran = project.run("-n", "2")
    assert (ran.code, ran.passed, ran.failed) == (1, 4, 1), ran.said
