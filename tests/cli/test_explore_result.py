"""A campaign's result in its documents: the summary lists failures, the body says what was explored."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Fz, WriteScenario

FAILS = [
    {"type": "rand_int", "key": "k", "min": 0, "max": 3},
    *[{"type": "assert", "that": "${k}", "not_equals": number} for number in range(2)],
]


def test_each_failure_is_a_member(scenario: WriteScenario, fz: Fz) -> None:
    """With its own seed and trace; the run has the seed of the campaign and the status of the worst."""
    document = fz("explore", scenario("a", FAILS), "--seed", "1", "--seeds", "60", "--all", "--json").document()
    assert document["tests"] == {"passed": 0, "failed": 2, "skipped": 0} and document["status"] == "fail"
    members = document["scenarios"]
    assert [each["number"] for each in members] == [1, 2]
    for member, failure in zip(members, document["explore"]["failures"], strict=True):
        assert (member["seed"], member["tracePath"]) == (failure["seed"], failure["tracePath"])
        assert member["findings"][0]["location"]["path"] == failure["at"] and Path(member["tracePath"]).is_file()
    assert document["identity"]["seed"] == 1
    assert document["identity"]["tracePath"] == members[0]["tracePath"]


def test_without_a_failure_the_scenario_passed(scenario: WriteScenario, fz: Fz) -> None:
    """One member, no trace; the body says how much was explored."""
    path = scenario("b", [{"type": "trace_event", "name": "x"}])
    document = fz("explore", path, "--seeds", "7", "--schedule", "pct", "--json").document()
    (member,) = document["scenarios"]
    assert member["passed"] and "tracePath" not in member and document["tests"]["passed"] == 1
    body = document["explore"]
    assert (body["total"], body["depth"], body["horizon"], body["bound"]) == (7, 3, 1, None)
    assert body["endedBy"] == "count" and body["resumed"] is None and body["notCovered"] == []
