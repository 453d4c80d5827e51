"""`fozzy report query`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FAIL = [{"type": "rand_u64", "key": "k"}, {"type": "assert_eq_int", "a": 1, "b": 2}]


@pytest.fixture
def run(fz: Any, scenario: Any) -> str:
    """A failing run, recorded as t.fozzy; its id."""
    fz("run", scenario("a", FAIL), "--seed", "3", "--det", "--record", "t.fozzy")
    return Path(".fozzy/runs/latest").read_text()


def test_each_value_is_a_line_of_json(fz: Any, run: str) -> None:
    """stdout is values alone, one a line, whatever they are."""
    said = fz("report", "query", "@latest", "--path", "$.records[?@.kind=='step']")
    assert (said.code, said.err) == (0, "")
    assert [json.loads(line)["type"] for line in said.out.splitlines()] == ["rand_u64", "assert_eq_int"]


def test_every_word_asks_the_same_run(fz: Any, run: str) -> None:
    """An id, a prefix, an alias and a trace get the same answer, and the document says which run it was."""
    answers = []
    for word, by in ((run, "id"), (run[:5], "prefix"), ("@latest", "alias"), ("t.fozzy", "path")):
        document = fz("report", "query", word, "--path", "$.records", "--json").document()
        assert (document["run"].pop("word"), document["run"].pop("by")) == (word, by)
        answers.append(document)
    assert all(each == answers[0] for each in answers) and answers[0]["run"]["runId"] == run


def test_nothing_found_is_5(fz: Any, run: str) -> None:
    """stdout stays empty, stderr says which run was asked and how to see what there is, and the hint works."""
    said = fz("report", "query", "@latest", "--path", "$.nothing")
    assert (said.code, said.out) == (5, "")
    assert run in said.err and f"fozzy report query {run} --list-paths" in said.err
    document = fz("report", "query", "@latest", "--path", "$.nothing", "--json").document()
    assert (document["status"], document["matches"]) == ("fail", [])
    listed = fz("report", "query", run, "--list-paths")
    assert listed.code == 0 and "$['records'][*]['kind']" in listed.out and "string" in listed.out


def test_one_of_the_two_is_needed(fz: Any, run: str) -> None:
    """Neither a path nor a list, or both, is a mistake of use."""
    assert fz("report", "query", "@latest").code == 2
    assert fz("report", "query", "@latest", "--path", "$", "--list-paths").code == 2


def test_listed_paths_that_are_many_are_counted(fz: Any, scenario: Any) -> None:
    """What users wrote may have many keys; the list is bounded and says how many are left out."""
    fields = {f"key{number}": number for number in range(1200)}
    fz("run", scenario("a", [{"type": "trace_event", "name": "x", "fields": fields}]))
    said = fz("report", "query", "@latest", "--list-paths")
    assert " more\n" in said.out and len(said.out.splitlines()) == 1002
    document = fz("report", "query", "@latest", "--list-paths", "--json").document()
    assert len(document["paths"]) == 1000 and document["more"] > 200
