"""The three forms of a scenario file, and what stands at their tops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fozzy.dsl.cluster.file import DistributedFile
from fozzy.dsl.scenario import SEED_MAX, StepsFile, SuiteFile, form_of

if TYPE_CHECKING:
    from tests.conftest import Problems

OK = {"type": "assert_ok", "value": True}
FULL: dict[str, Any] = {
    "$schema": "./schema.json",
    "version": 1,
    "name": "n",
    "description": "what ${this} is about",
    "tags": ["a", "b"],
    "seed": SEED_MAX,
    "timeout": "5s",
    "backends": {"proc": "host", "fs": "virtual", "http": "scripted"},
    "limits": {"call_ms_max": 1, "body_bytes_max": 1, "output_bytes_max": 1, "file_bytes_max": 1, "stop_grace_ms": 0},
    "http_base_url": "http://127.0.0.1:1",
    "vars": {"port": 1, "nested": {"a": [None]}},
    "env": ["HOME"],
    "expect": {"status": "fail", "title": "t", "at": "steps[0]"},
    "setup": [OK],
    "steps": [OK],
    "teardown": [OK],
}


def test_everything_a_scenario_may_say(problems: Problems) -> None:
    """Every field at the top together is valid."""
    assert problems(FULL) == []


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ({"steps": 1}, StepsFile),
        ({"distributed": 1}, DistributedFile),
        ({"suites": 1}, SuiteFile),
        ({"suites": 1, "steps": 1}, StepsFile),
        ({}, StepsFile),
    ],
)
def test_the_form_is_told_by_its_key(raw: dict[str, Any], form: type) -> None:
    """A document's form is the first of steps, distributed and suites that it has."""
    assert form_of(raw) is form


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"version": 2}, "bad_value"),
        ({"version": True}, "bad_value"),
        ({"version": "1"}, "bad_value"),
        ({"name": ""}, "bad_value"),
        ({"tags": "a"}, "bad_value"),
        ({"tags": [""]}, "bad_value"),
        ({"seed": -1}, "bad_value"),
        ({"seed": SEED_MAX + 1}, "bad_value"),
        ({"seed": 1.0}, "bad_value"),
        ({"timeout": "soon"}, "bad_value"),
        ({"timeout": "${seed}ms"}, "bad_value"),
        ({"timeout": "5ms\n"}, "bad_value"),
        ({"timeout": "-1s"}, "bad_value"),
        ({"backends": {"fs": "scripted"}}, "bad_value"),
        ({"backends": {"net": "host"}}, "unknown_field"),
        ({"limits": {"call_ms_max": 0}}, "bad_value"),
        ({"limits": {"call_ms": 1}}, "unknown_field"),
        ({"vars": []}, "bad_value"),
        ({"vars": {"port": 1, "seed": 1}}, "bad_value"),
        ({"vars": {"port": 1, "now_ms": 1}}, "bad_value"),
        ({"env": ["A-B"]}, "bad_value"),
        ({"env": ["A\n"]}, "bad_value"),
        ({"expect": {"status": "pass"}}, "bad_value"),
        ({"expect": {}}, "missing_field"),
        ({"setup": []}, "empty"),
        ({"steps": []}, "empty"),
        ({"teardown": []}, "empty"),
        ({"steps": {}}, "bad_value"),
        ({"stepz": []}, "unknown_field"),
        ({"distributed": {}}, "unknown_field"),
        ({"$schema": 1}, "bad_value"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_cannot_be_is_refused(problems: Problems, changed: dict[str, Any], code: str) -> None:
    """Each thing that cannot stand at the top is one problem."""
    assert [problem.code for problem in problems({**FULL, **changed})] == [f"scenario.{code}"]


@pytest.mark.parametrize(
    ("suites", "code"),
    [
        ({"smoke": ["a.fozzy.json", "x/*.fozzy.toml"]}, None),
        ({}, "empty"),
        ({"smoke": []}, "empty"),
        ({"smoke": [""]}, "bad_value"),
        ({"smoke": "a"}, "bad_value"),
        ([], "bad_value"),
    ],
    ids=str,
)
def test_suites(problems: Problems, suites: Any, code: str | None) -> None:
    """A suite is an object of lists that are not empty."""
    found = problems({"version": 1, "name": "n", "suites": suites})
    assert [problem.code for problem in found] == ([f"scenario.{code}"] if code else [])


def test_a_document_without_a_form_is_told_which_there_are(problems: Problems) -> None:
    """A document with none of the three is told so once, beside what else is wrong."""
    found = problems({"version": 1})
    assert {problem.message for problem in found} == {
        'a scenario needs "name"',
        'a scenario needs "steps", "distributed" or "suites"',
    }
