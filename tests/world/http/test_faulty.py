"""HTTP with faults: bursts. Single requests are tested with the fault steps."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from fozzy.core.blob import Blob
from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.events import Draw, Event
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.faults.engine import Faults
from fozzy.faults.kinds import kind_of
from fozzy.faults.rule import Rule, Schedule
from fozzy.world.http.base import HttpBurst, HttpRequest
from fozzy.world.http.faulty import FaultyHttp
from fozzy.world.http.scripted import HttpRule, ScriptedHttp
from fozzy.world.rules import Rules

MS = 10**6


def rule_of(kind: str, match: dict[str, Any] | None = None, **more: Any) -> Rule:
    schedule = Schedule(**{name: more.pop(name) for name in Schedule.__struct_fields__ if name in more})
    found = kind_of("http", kind)
    assert found is not None
    made = msgspec.convert({"kind": kind, **more}, found)
    return Rule(name="f", on="http", kind=made, match=match or {}, schedule=schedule)


class Struck:
    """Scripted HTTP behind faults, with what it wrote and how long it waited."""

    def __init__(self, *faults: dict[str, Any], rules: list[tuple[HttpRule, int | None]], seed: int = 1) -> None:
        self.waited: list[int] = []
        self.records: list[Any] = []
        self._log = Log([self.records.extend])
        choices = Choices(Seeded(seed), Clock(), self._log, Redactor(), 1)
        self.faults = Faults(choices)
        for fields in faults:
            self.faults.arm(rule_of(**fields))
        made: Rules[HttpRule] = Rules()
        for rule, times in rules:
            made.add(rule, times)
        self.http = FaultyHttp(ScriptedHttp(made, self.waited.append), self.faults, self.waited.append)

    def burst(self, count: int = 6, concurrency: int = 2, **more: Any) -> Any:
        request = HttpRequest(method="GET", url="/a", **more)
        return self.http.burst(HttpBurst(count=count, concurrency=concurrency, request=request)).answers

    def written(self) -> list[Any]:
        self._log.flush()
        return self.records


OK = (HttpRule("GET", "/a", 200, [], Blob(text="body")), None)


def test_without_a_fault_that_fits_nothing_changes() -> None:
    """A burst no rule speaks for is answered as without faults."""
    struck = Struck({"kind": "status", "codes": [503], "match": {"path": "/other"}}, rules=[OK])
    assert [each.answer.status for each in struck.burst()] == [200] * 6


def test_every_request_is_rolled_for() -> None:
    """One draw for each request, and as many are struck as hit."""
    struck = Struck({"kind": "status", "codes": [503], "probability": 0.5}, rules=[OK])
    statuses = Counter(each.answer.status for each in struck.burst(20))
    records = struck.written()
    assert sum(isinstance(record, Draw) for record in records) == 20
    applied = [record for record in records if isinstance(record, Event) and record.fields["applied"]]
    assert 0 < statuses[503] == len(applied) < 20
    assert statuses[200] == 20 - statuses[503]


def test_what_a_fault_answers_is_not_sent() -> None:
    """Uses of the rules are taken by the requests that are sent alone, and every request has its number once."""
    struck = Struck({"kind": "rate_limit", "first": 2}, rules=[(OK[0], 4)])
    answers = struck.burst(6)
    assert sorted((each.index, each.answer.status) for each in answers) == [
        (0, 429),
        (1, 429),
        (2, 200),
        (3, 200),
        (4, 200),
        (5, 200),
    ]


@pytest.mark.parametrize("kind", [{"kind": "rate_limit"}, {"kind": "malformed"}])
def test_times_bounds_a_burst(kind: dict[str, Any]) -> None:
    """A fault that may strike twice strikes two of the requests, whether it answers or changes an answer."""
    struck = Struck({**kind, "times": 2}, rules=[OK])
    answers = struck.burst()
    assert sum(each.answer.status != 200 or each.answer.body.shown() != "body" for each in answers) == 2
    (tally,) = struck.faults.tallies()
    assert tally.applied == 2


def test_waits_pass_together() -> None:
    """Three waits of 100 ms take 200 ms two at a time; who waited is answered later."""
    struck = Struck({"kind": "latency", "delay_ns": 100 * MS, "first": 3}, rules=[OK])
    answers = struck.burst(4)
    assert struck.waited == [200 * MS]
    assert [(each.index, each.at_ns // MS) for each in answers] == [(0, 100), (1, 100), (3, 100), (2, 200)]
    assert [each.took_ns // MS for each in answers] == [100, 100, 0, 100]


def test_a_change_of_a_failed_answer_is_bypassed() -> None:
    """What was planned for an answer that never came is told with its reason."""
    struck = Struck({"kind": "malformed"}, rules=[])
    assert {each.answer.failure.kind for each in struck.burst(3)} == {"unscripted"}
    reasons = [record.fields.get("reason") for record in struck.written() if isinstance(record, Event)]
    assert reasons == ["upstream_failed"] * 3
