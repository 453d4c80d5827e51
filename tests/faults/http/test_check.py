"""A plan that contradicts itself is refused whole, with every problem and its place."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.errors import InputError
from fozzy.faults.http import control
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Drop, Faults, Latency, Plan
from tests.faults.http.asking import engine


def refused(**said: Any) -> InputError:
    """Why a plan is refused."""
    with pytest.raises(InputError) as error:
        engine(**said)
    return error.value


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"latency": {"uniform": ["2s", "1s"]}}, 'latency.uniform is reversed: "2s" is longer than "1s"'),
        ({"latency": {"fixed": "31s"}}, "latency waits up to 31000ms, and latency_max is 30s"),
        ({"latency": {"fixed": "29s", "jitter": 0.1}}, "latency waits up to 31900ms"),
        ({"latency": {"exponential": "2s"}}, "latency waits up to 40000ms"),
        ({"latency": {"normal": ["20s", "2s"]}}, "latency waits up to 36600ms"),
        ({"latency": {}}, "latency says no delay"),
        ({"latency": {"list": []}}, "latency.list is empty"),
        ({"faults": {"status": {}}}, "faults.status says neither codes nor sequence"),
        ({"faults": {"status": {"sequence": [0, 101]}}}, "faults.status.sequence has 101, which is no final answer"),
        ({"faults": {"rate_limit": {"retry_after": "0s"}}}, "faults.rate_limit.retry_after must be more than nothing"),
        ({"faults": {"status": {"codes": [500], "headers": {"a b": ""}}}}, 'faults.status.headers has "a b"'),
        ({"faults": {"status": {"codes": [500], "headers": {"a": "1\r\n2"}}}}, "with the end of a line in it"),
        ({"faults": {"status": {"codes": [500], "headers": {"a": "€"}}}}, "is not latin-1"),
        ({"faults": {"status": {"codes": [500], "headers": {"Content-Length": "1"}}}}, "which follows from the body"),
        ({"faults": {"drop": {"burst": {"count": 3, "every": 2}}}}, "faults.drop.burst has count 3: expected at most"),
        ({"faults": {"drop": {"ramp": {"over": "0s"}}}}, "faults.drop.ramp.over must be more than nothing"),
        ({"faults": {"drop": {"between": ["2s", "1s"]}}}, "faults.drop.between never comes"),
        ({"faults": {"drop": {"match": {"client": "1.2.3"}}}}, "faults.drop.match.client "),
        ({"routes": [{"body": {"$[": 1}}]}, "routes[0].body $[ is no JSONPath"),
        ({"routes": [{"body_bytes_min": 2, "body_bytes_max": 1}]}, "routes[0].body_bytes_min is 2"),
        ({"routes": [{"headers": {"": "x"}}]}, 'routes[0].headers has ""'),
        ({"routes": [{"limits": {"concurrency": 1}}]}, "routes[0].limits.concurrency counts all requests in flight"),
        ({"tests": {"t": {"limits": {"max_connections": 1}}}}, "tests.t.limits.max_connections counts for the whole"),
        ({"routes": [{"upstream": "localhost:80"}]}, 'routes[0].upstream is "localhost:80"'),
        ({"routes": [{"answers": [{"base64": "?"}]}]}, "routes[0].answers[0].base64 is no base64"),
        ({"upstream": "http://h:port"}, 'upstream is "http://h:port"'),
        ({"upstream": "ftp://h"}, 'upstream is "ftp://h"'),
        ({"client_header": "a b"}, 'client_header is "a b"'),
        ({"limits": {"global": {"rate": "0/s"}}}, 'limits.global.rate is "0/s": expected 1 or more'),
        ({"limits": {"bandwidth": {"up": "0B/s"}}}, 'limits.bandwidth.up is "0B/s": expected 1 or more'),
        ({"limits": {"bandwidth": {}}}, "limits.bandwidth says neither up nor down"),
        ({"limits": {"idle_timeout": "0s"}}, "limits.idle_timeout must be more than nothing"),
        ({"limits": {"loss": {"first": 1, "after": 1}}}, "limits.loss never strikes"),
        ({"scenarios": {"a": {"for": "0s"}}}, "scenarios.a.for must be more than nothing"),
        ({"scenarios": {"a": {"latency": {"fixed": "40s"}}}}, "scenarios.a.latency waits up to"),
        ({"schedule": [{"start": "slow_backend"}]}, "schedule[0] says no time"),
        ({"schedule": [{"start": "slow_backend", "every": "0s"}]}, "schedule[0].every must be more than nothing"),
    ],
)
def test_what_cannot_be(said: dict[str, Any], message: str) -> None:
    """Each flaw is told with its place and value."""
    error = refused(**said)
    assert message in error.message
    assert error.code in ("chaos.bad_value", "chaos.conflict")


@pytest.mark.parametrize(
    "said",
    [
        {"latency": {"fixed": "1s", "uniform": ["1s", "2s"]}},
        {"latency": {"list": ["1s"], "exponential": "1ms"}},
        {"faults": {"status": {"codes": [500], "sequence": [500]}}},
        {"faults": {"disconnect": {"at": "accept", "after_bytes": 1}}},
        {"faults": {"disconnect": {"at": "in-body"}}},
        {"routes": [{"upstream": "http://h", "answer": {}}]},
        {"routes": [{"answer": {"text": "a", "json": 1}}]},
        {"schedule": [{"start": "slow_backend", "at": "1s", "after_requests": 1}]},
    ],
)
def test_contradictions_say_what_to_remove(said: dict[str, Any]) -> None:
    """Two things that exclude each other are a conflict, and the hint says what to do."""
    error = refused(**said)
    assert error.code == "chaos.conflict" and error.hint


def test_shares_that_exclude_each_other() -> None:
    """Shares over one in all are refused, where they meet: also only on a route, in a scenario or in a test scope."""
    half = {"faults": {"drop": 0.5}}
    assert refused(mode="exclusive", faults={"drop": 0.6, "malformed": 0.5}).code == "chaos.shares"
    assert "routes[0]: " in refused(mode="exclusive", **half, routes=[{"faults": {"timeout": 0.6}}]).message
    assert (
        "tests.t: "
        in refused(**half, tests={"t": {"merge": True, "mode": "exclusive", "limits": {"loss": 0.6}}}).message
    )
    assert (
        "scenarios.s: " in refused(scenarios={"s": {"mode": "exclusive", "faults": {"drop": {}, "stall": 0.1}}}).message
    )
    engine(mode="exclusive", faults={"drop": 0.7, "malformed": 0.2, "disconnect": 0.1})
    engine(mode="exclusive", faults=dict.fromkeys(("drop", "malformed", "disconnect", "timeout", "partial"), 0.2))
    engine(faults={"drop": 0.6, "malformed": 0.5})


def test_unknown_scenarios() -> None:
    """A schedule starts only what there is."""
    error = refused(schedule=[{"start": "slow_backen", "at": "1s"}])
    assert error.code == "chaos.unknown_scenario" and error.hint == 'did you mean "slow_backend"?'


def test_all_problems_at_once() -> None:
    """Who has three mistakes is told three."""
    error = refused(latency={}, upstream="x", limits={"global": {"rate": "0/s"}})
    assert [each.message.split()[0] for each in error.problems] == ["latency", "limits.global.rate", "upstream"]


def test_scopes_are_bounded() -> None:
    """A run that never removes the scopes of its tests is told so, and not slowed down for ever."""
    error = refused(tests={f"t{n}": {} for n in range(10_001)})
    assert "tests has 10001 scopes: expected up to 10000" in error.message


def test_plans_that_a_program_makes() -> None:
    """Values out of range are refused also where no file was read."""
    for made in (Plan(faults=Faults(drop=Drop(probability=7))), Plan(latency=Latency(fixed="soon"))):
        with pytest.raises(InputError):
            Engine(made, 1)


def test_a_change_that_is_refused_changes_nothing() -> None:
    """After a refusal everything is as it was."""
    asked = engine(faults={"drop": 1})
    before = asked.state
    for changes in ({"latency": {}}, {"faults": {"drop": 2}}, {"mode": "exclusive", "faults": {"stall": 0.5}}):
        with pytest.raises(InputError):
            asked.change(control.patch(asked.state, changes, 5), 5)
        assert asked.state is before and asked.number == 0
