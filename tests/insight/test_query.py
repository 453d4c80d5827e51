"""Questions to recorded runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy.errors import EvidenceError, StoreError, UsageError
from fozzy.insight import query as module
from fozzy.insight.query import document, paths, query
from fozzy.insight.recall import Named, Recalled, recall
from fozzy.trace.store import Store

STORE = Store(Path(".fozzy"))


@pytest.fixture
def run(single: Named) -> Recalled:
    """A failing run."""
    return recall(STORE, single.run_id)


def test_a_run_is_its_summary_header_and_records(run: Recalled) -> None:
    """The value that is asked is the stored summary, the header and every record of the trace with its number."""
    assert run.trace is not None
    whole = document(run)
    lines = [json.loads(line) for line in run.trace.read_bytes().splitlines()]
    assert whole["header"]["seed"] == 3
    assert whole["records"] == lines[1:-1] and [record["n"] for record in whole["records"]] == list(range(5))
    assert whole["summary"] == json.loads((STORE.folder(run.named.run_id) / "summary.json").read_bytes())


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("$.summary.status", ["fail"]),
        ("$['summary']['identity'].seed", [3]),
        ("$.header.scenario.path", ["a.fozzy.json"]),
        ("$.records[?@.kind=='step'].type", ["rand_u64", "assert_eq_int"]),
        ("$.records[-1].n", [4]),
        ("$..title", ["assert_eq_int", "assert_eq_int"]),
        ("$.summary.nothing", []),
        ("$.summaries", []),
    ],
)
def test_a_path_finds_what_is_there(run: Recalled, path: str, values: list[Any]) -> None:
    """Values come in the order of the document, and each match's normalized path finds it alone."""
    found = list(query(run, path))
    assert [match.value for match in found] == values
    for match in found:
        assert [again.value for again in query(run, match.path)] == [match.value]


@pytest.mark.parametrize("path", ["$.summary.status", "$['header']", '$["summary"]', "$ .header"])
def test_records_are_read_only_when_they_are_asked(run: Recalled, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question to the summary or the header does not open the trace again."""
    monkeypatch.setattr(module, "_records", lambda recalled: pytest.fail("the records were read"))
    assert len(list(query(run, path))) == 1


@pytest.mark.parametrize("path", ["", "summary", "$.a[", "$[?foo(@)]", "$" + "[?(" * 2000])
def test_what_is_no_path_is_refused(run: Recalled, path: str) -> None:
    """The error says what is wrong with it."""
    with pytest.raises(UsageError) as caught:
        list(query(run, path))
    assert caught.value.code == "report.bad_path"


def test_a_suite_has_a_summary_and_no_records(suite: Named) -> None:
    """Its scenarios are found; header and records are empty."""
    recalled = recall(STORE, suite.run_id)
    assert [match.value for match in query(recalled, "$.summary.scenarios[*].status")] == ["pass", "fail", "fail"]
    assert (document(recalled)["header"], document(recalled)["records"]) == (None, [])


def test_every_path_is_listed_and_finds_something(run: Recalled) -> None:
    """Each path that is listed finds values of the types that are said, and every leaf is under a listed path."""
    names: dict[type, str] = {str: "string", int: "number", float: "number", bool: "boolean", list: "array"}
    names |= {dict: "object", type(None): "null"}
    listed = paths(run)
    assert listed.more == 0
    for each in listed.listed:
        types = dict.fromkeys(names[type(match.value)] for match in query(run, each.path))
        assert list(types) == each.types, each.path
    assert len(list(query(run, "$..*"))) + 1 == sum(len(list(query(run, each.path))) for each in listed.listed)


def test_limits_are_kept(run: Recalled, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths beyond the limit are counted; records beyond theirs are an error with a hint."""
    whole = len(paths(run).listed)
    monkeypatch.setattr(module, "PATHS_MAX", 10)
    assert (len(paths(run).listed), paths(run).more) == (10, whole - 10)
    monkeypatch.setattr(module, "RECORDS_MAX", 3)
    with pytest.raises(StoreError) as caught:
        list(query(run, "$.records[0]"))
    assert caught.value.code == "report.too_many"


def test_a_sealed_trace_of_nonsense_is_no_answer(run: Recalled, resealed: Any) -> None:
    """Records that make no sense under a true seal are an error, not the end of the list."""
    assert run.trace is not None
    run.trace.write_bytes(resealed(run.trace.read_bytes().replace(b'"kind":"step"', b'"kind":"stop"')))
    with pytest.raises(EvidenceError):
        list(query(run, "$.records"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=8))
def test_any_name_is_written_so_that_it_finds_itself(name: str) -> None:
    """A member's name in a listed path is a normalized path's, whatever it holds."""
    from jsonpath_rfc9535 import compile as compile_path

    found = compile_path(f"$[{module._quoted(name)}]").find({name: 1}).values()
    assert found == [1]
