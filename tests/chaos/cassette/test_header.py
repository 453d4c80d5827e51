from __future__ import annotations

import msgspec
import pytest

from fozzy.chaos.cassette.header import DECISIONS, Begun, begun_of, header_of, wire_redactor
from fozzy.errors import EvidenceError, UsageError
from fozzy.faults.http.plan import Answer, Drop, Faults, Plan, Route

PLAN = Plan(faults=Faults(drop=Drop(probability=0.5)), routes=[Route(path="/a", answer=Answer(json={"ok": 1}))])


def test_a_header_carries_the_plan() -> None:
    """What an engine starts with comes back as it was."""
    begun = Begun(seed=3, strict=False, has_upstream=True, test="t", plan=PLAN)
    header = header_of(begun, "chaos.toml", wire_redactor([]))
    assert (header.mode, header.seed, header.scenario.path) == ("proxy", 3, "chaos.toml")
    assert begun_of(header, "t.fozzy") == begun


def test_a_plan_loses_its_secrets() -> None:
    """What a route's answer tells under a secret name is not in the header, and the plan can still be read."""
    plan = Plan(routes=[Route(path="/login", answer=Answer(json={"token": "s3cr3t-91c2f7"}))])
    header = header_of(Begun(seed=1, plan=plan), "proxy", wire_redactor([]))
    assert "s3cr3t" not in header.scenario.text and header.scenario.redacted
    answer = begun_of(header, "t.fozzy").plan.routes[0].answer
    assert answer is not None and answer.json == {"token": "<redacted>"}


def test_another_version_of_decisions_is_refused() -> None:
    """A trace that was decided by other rules is refused by name, and never decided by these."""
    header = header_of(Begun(seed=1, plan=PLAN, decisions=DECISIONS + 1), "proxy", wire_redactor([]))
    with pytest.raises(EvidenceError) as raised:
        begun_of(header, "t.fozzy")
    assert raised.value.code == "chaos.other_decisions"
    assert "--replay" in raised.value.hint


def test_a_plan_that_makes_no_sense_is_no_evidence() -> None:
    """An altered plan is refused with the place of what is wrong."""
    header = header_of(Begun(seed=1, plan=PLAN), "proxy", wire_redactor([]))
    for text in ("", "[]", '{"decisions": 1}', header.scenario.text.replace("0.5", "1.5")):
        broken = msgspec.structs.replace(header, scenario=msgspec.structs.replace(header.scenario, text=text))
        with pytest.raises(EvidenceError) as raised:
            begun_of(broken, "t.fozzy")
        assert raised.value.code == "chaos.bad_plan"


def test_a_run_is_no_cassette() -> None:
    """The trace of a scenario is told apart from one of a proxy."""
    header = msgspec.structs.replace(header_of(Begun(seed=1, plan=PLAN), "p", wire_redactor([])), mode="run")
    with pytest.raises(UsageError, match="fozzy run"):
        begun_of(header, "t.fozzy")
