"""A recorded run, found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.core.summary import Summary
from fozzy.errors import EvidenceError, StoreError
from fozzy.insight.recall import recall
from fozzy.trace.store import Store

STEPS = [{"type": "trace_event", "name": "x"}, {"type": "assert_eq_int", "a": 1, "b": 2}]
STORE = Store(Path(".fozzy"))


def test_the_store_and_the_trace_say_the_same(fz: Any, scenario: Any) -> None:
    """The summary of a stored run and the one its trace carries are equal, but for where the trace is."""
    fz("run", scenario("a", STEPS), "--record", "t.fozzy")
    stored, carried = recall(STORE, "@latest"), recall(STORE, "t.fozzy")
    assert stored.summary == carried.summary
    assert stored.header == carried.header and carried.trace == Path("t.fozzy")


def test_a_suite_has_no_trace_of_its_own(fz: Any, scenario: Any) -> None:
    """A suite is recalled from its summary alone, a member of it from its trace."""
    scenario("s/a", STEPS)
    fz("test", "s", "--seed", "1")
    suite, member = recall(STORE, "@latest"), recall(STORE, "@latest/1")
    assert suite.header is None and suite.told is suite.summary and len(suite.summary.scenarios) == 1
    assert member.header is not None and member.summary.tests is None
    assert member.summary.findings == suite.summary.scenarios[0].findings


def test_a_single_run_is_told_with_its_name(fz: Any, scenario: Any) -> None:
    """Also a run that passed, whose summary has no place, is told under the name of its scenario."""
    fz("run", scenario("scenarios/area/a", STEPS[:1]))
    (member,) = recall(STORE, "@latest").told.scenarios
    assert (member.name, member.path, member.passed) == ("area/a", "scenarios/area/a.fozzy.json", True)


def test_an_interrupted_suite_has_nothing_to_show(fz: Any, project: Path) -> None:
    """A run without a summary and without a trace is a clear error."""
    STORE.folder("0badcafe").mkdir(parents=True)
    with pytest.raises(StoreError) as caught:
        recall(STORE, "0bad")
    assert caught.value.code == "store.no_trace"


def test_a_resealed_footer_that_makes_no_sense(fz: Any, scenario: Any, resealed: Any) -> None:
    """A true seal over nonsense is still no evidence."""
    fz("run", scenario("a", STEPS), "--record", "t.fozzy")
    path = Path("t.fozzy")
    path.write_bytes(resealed(path.read_bytes().replace(b'"startedAt"', b'"begunAt"')))
    with pytest.raises(EvidenceError):
        recall(STORE, "t.fozzy")


def test_fields_of_later_versions_are_passed_over(fz: Any, scenario: Any) -> None:
    """Fields are only ever added: a summary with one more is still read."""
    fz("run", scenario("a", STEPS))
    path = next(Path(".fozzy/runs").glob("*/summary.json"))
    data = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode({**data, "later": 1}))
    assert recall(STORE, "@latest").summary == msgspec.convert(data, Summary)
