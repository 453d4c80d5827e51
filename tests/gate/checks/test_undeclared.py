"""Undeclared: what nothing could answer is found before a run, with a declaration that answers it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.gate.checked import Checked
from fozzy.gate.checks.undeclared import undeclared

SPAWN = {"type": "proc_spawn", "cmd": "git", "args": ["log", "-1"], "expect_exit": 0}
GET = {"type": "http_request", "method": "GET", "path": "/users", "expect_status": 404}
BURST = {"type": "http_burst", "count": 2, "concurrency": 1, "request": {"method": "GET", "path": "/users"}}
GIT = {"type": "proc_when", "cmd": "git", "exit_code": 0}
USERS = {"type": "http_when", "method": "GET", "path": "/users", "status": 404}


def look(project: Path, *steps: Any, **more: Any) -> Checked:
    """Look at a scenario of these steps."""
    document = {"version": 1, "name": "n", "steps": steps, **more}
    (project / "a.fozzy.json").write_text(json.dumps(document))
    found = discover(["a.fozzy.json"], project)
    assert not found.problems
    return undeclared(found.chosen, Options())


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (SPAWN, "doctor.undeclared_process"),
        ({"type": "proc_start", "name": "p", "cmd": "git"}, "doctor.undeclared_process"),
        (GET, "doctor.undeclared_request"),
        (BURST, "doctor.undeclared_request"),
        ({"type": "group", "name": "g", "steps": [SPAWN]}, "doctor.undeclared_process"),
    ],
)
def test_what_nothing_answers_is_found(project: Path, step: dict[str, Any], code: str) -> None:
    """A program or request without a declaration is found, whatever block it stands in, with its place."""
    [problem] = look(project, step).found
    assert problem.code == code
    assert problem.where is not None and problem.where.col > 1


@pytest.mark.parametrize(("step", "other"), [(SPAWN, GIT), (GET, USERS), (BURST, USERS)])
def test_what_is_declared_is_fine(project: Path, step: dict[str, Any], other: dict[str, Any]) -> None:
    """A declaration that could answer, wherever it stands, is enough; one of another command is not."""
    assert look(project, other, step).status == "pass"
    wrong = {**other, **({"cmd": "hg"} if "cmd" in other else {"path": "/other"})}
    assert look(project, wrong, step).status == "fail"


def test_the_pasted_declaration_answers(project: Path, fz: Any) -> None:
    """What the hint says can be pasted, and the scenario then passes."""
    pasted = [json.loads(problem.hint.partition(": ")[2]) for problem in look(project, SPAWN, GET).found]
    assert look(project, *pasted, SPAWN, GET).status == "pass"
    assert fz("run", "a.fozzy.json", "--det").code == 0


@pytest.mark.parametrize(
    ("steps", "more"),
    [
        ([{**SPAWN, "cmd": "${x}"}], {"vars": {"x": "git"}}),
        ([{**GET, "path": "/${x}"}], {"vars": {"x": "git"}}),
        ([{"type": "assert_throws", "steps": [SPAWN]}], {}),
        ([SPAWN], {"expect": {"status": "fail", "title": "proc_unscripted"}}),
        ([SPAWN], {"backends": {"proc": "host"}}),
        ([{"type": "fault", "on": "proc", "kind": "exit", "code": 1}, SPAWN], {}),
    ],
)
def test_what_may_be_meant_is_left_alone(project: Path, steps: list[Any], more: dict[str, Any]) -> None:
    """What is not known, what is meant to fail and what the host answers is no problem."""
    assert look(project, *steps, **more).status == "pass"
