"""How two runs differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.errors import EvidenceError
from fozzy.insight.compare import RunsDiff, _numbers, compare
from fozzy.insight.recall import recall
from fozzy.trace.store import Store

STORE = Store(Path(".fozzy"))
FAIL = [{"type": "rand_u64", "key": "k"}, {"type": "assert_eq_int", "a": 1, "b": 2}]


@pytest.fixture
def twice(fz: Any, scenario: Any) -> list[str]:
    """The same run twice; their ids."""
    path = scenario("a", FAIL)
    return [fz("run", path, "--seed", "3", "--det", "--json").document()["identity"]["runId"] for _ in range(2)]


def found(a: str, b: str) -> RunsDiff:
    """What differs between two runs."""
    return compare(recall(STORE, a), recall(STORE, b))


def beside(run_id: str, kind: str, value: Any) -> None:
    """Put a side file beside a run's trace."""
    (STORE.folder(run_id) / f"trace.{kind}.json").write_text(json.dumps(value))


def test_two_runs_of_the_same_inputs_are_the_same(twice: list[str]) -> None:
    """What a run is called and when it ran is no difference, though the bytes of its files differ."""
    diff = found(*twice)
    assert diff.same and diff.summary == [] and diff.trace is not None and diff.trace.same
    assert [each.name for each in diff.files] == ["summary.json", "trace.fozzy"]


def test_another_seed_parts_them(twice: list[str], fz: Any) -> None:
    """The seed and the first record that differs are told."""
    fz("run", "a.fozzy.json", "--seed", "4", "--det")
    diff = found(twice[0], "@latest")
    assert not diff.same
    assert ("identity.seed", 3, 4) in [(each.field, each.a, each.b) for each in diff.summary]
    assert diff.trace is not None and diff.trace.parting is not None and diff.trace.parting.record == 0


def test_real_times_are_told_and_do_not_count(twice: list[str]) -> None:
    """Profiles that differ leave two runs the same; a profile that only one has does not."""
    for index, run_id in enumerate(twice):
        beside(run_id, "profile", {"schemaVersion": 1, "steps": [{"name": "x", "realNs": 10 + index}]})
    diff = found(*twice)
    (numbers,) = diff.sides
    assert diff.same and numbers.kind == "profile"
    assert [(each.field, each.a, each.b) for each in numbers.differences] == [("steps[0].realNs", 10, 11)]
    (STORE.folder(twice[1]) / "trace.profile.json").unlink()
    diff = found(*twice)
    assert not diff.same and [each.name for each in diff.files if each.b is None] == ["trace.profile.json"]


def test_lines_that_were_run_count(twice: list[str]) -> None:
    """Coverage is compared as sets of lines: how many are on one side only."""
    for run_id, lines in zip(twice, ([1, 2, 5], [2, 3, 4]), strict=True):
        beside(run_id, "coverage", {"schemaVersion": 1, "files": {"shop.py": lines}})
    diff = found(*twice)
    assert not diff.same
    (numbers,) = diff.sides
    assert [(each.field, each.a, each.b) for each in numbers.differences] == [("files.shop.py on one side only", 2, 2)]


def test_suites_are_compared_scenario_by_scenario(fz: Any, scenario: Any) -> None:
    """Scenarios are held together by their paths, whatever numbers they have; one that ended otherwise is told."""
    scenario("s/b", FAIL)
    scenario("s/c", FAIL[:1])
    fz("test", "s", "--seed", "7", "-j1")
    one = STORE.run_of("latest")
    fz("test", "s", "--seed", "7", "-j1")
    same = found(one, "@latest")
    assert same.trace is None and same.summary == [] and same.same
    scenario("s/a", FAIL[:1])
    fz("test", "s", "--seed", "7", "-j1")
    diff = found(one, "@latest")
    fields = {each.field.partition(".fozzy.json")[0] for each in diff.summary}
    assert "scenarios.s/a" in fields and "scenarios.s/b" not in fields and "scenarios.s/c" not in fields
    member = compare(recall(STORE, f"{one}/1"), recall(STORE, "@latest/2"))
    assert member.same and member.trace is not None


def test_a_side_file_of_nonsense_is_refused(twice: list[str]) -> None:
    """What cannot be read is an error, not a run without it."""
    for run_id in twice:
        beside(run_id, "profile", {})
    (STORE.folder(twice[1]) / "trace.profile.json").write_text("{")
    with pytest.raises(EvidenceError) as caught:
        found(*twice)
    assert caught.value.code == "artifacts.bad_side_file"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_any_two_values_can_be_compared(a: Any, b: Any) -> None:
    """A value differs from itself in nothing, and two values differ in as much both ways round."""
    assert list(_numbers(a, a, "")) == []
    there, back = (list(_numbers(*pair, "")) for pair in ((a, b), (b, a)))
    assert sorted(str((each.field, each.a, each.b)) for each in there) == sorted(
        str((each.field, each.b, each.a)) for each in back
    )
