"""What is wrong with a document is told with its place, its value and what is allowed there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.errors import InputError
from fozzy.faults.http.forms import formed, shown
from fozzy.faults.http.plan import Plan, Scope
from fozzy.faults.http.state import State

SHARE = "expected a number from 0 to 1"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"faults": {"drop": 5}}, f"faults.drop is 5: {SHARE}"),
        ({"faults": {"drop": -0.1}}, f"faults.drop is -0.1: {SHARE}"),
        ({"faults": {"drop": float("nan")}}, f"faults.drop is nan: {SHARE}"),
        ({"faults": {"drop": "0.5"}}, f'faults.drop is "0.5": {SHARE}, or an object'),
        ({"faults": {"drop": True}}, f"faults.drop is true: {SHARE}, or an object"),
        ({"faults": {"drop": []}}, f"faults.drop is []: {SHARE}, or an object"),
        ({"faults": {"drop": {"probability": 1.5}}}, f"faults.drop.probability is 1.5: {SHARE}"),
        ({"faults": {"drop": {"first": 0}}}, "faults.drop.first is 0: expected a whole number, 1 or more"),
        ({"faults": {"drop": {"first": 1.5}}}, "faults.drop.first is 1.5: expected a whole number"),
        ({"faults": {"drop": {"pattern": "FX"}}}, 'faults.drop.pattern is "FX": expected F for a fault and . for none'),
        (
            {"routes": [{}, {"faults": {"status": {"codes": [500, 99]}}}]},
            "routes[1].faults.status.codes[1] is 99: expected a status, 200 to 599",
        ),
        ({"faults": {"status": {"codes": [1000]}}}, "faults.status.codes[0] is 1000: expected a status, 200 to 599"),
        ({"faults": {"status": {"codes": [100]}}}, "faults.status.codes[0] is 100: expected a status, 200 to 599"),
        (
            {"faults": {"status": {"sequence": [600]}}},
            "faults.status.sequence[0] is 600: expected a status, 200 to 599",
        ),
        ({"faults": {"status_override": {"status": 199}}}, "faults.status_override.status is 199: expected a status"),
        ({"routes": [{"answer": {"status": 101}}]}, "routes[0].answer.status is 101: expected a status, 200 to 599"),
        ({"latency": {"fixed": "1.5"}}, 'latency.fixed is "1.5": expected a whole number and a unit, such as "250ms"'),
        ({"latency": {"uniform": ["1s", "x"]}}, 'latency.uniform[1] is "x": expected a whole number and a unit'),
        ({"limits": {"global": {"rate": "x"}}}, 'limits.global.rate is "x": expected so many in a unit of time'),
        ({"limits": {"global": {}}}, "limits.global.rate is missing"),
        ({"limits": {"bandwidth": "1"}}, 'limits.bandwidth is "1": expected bytes per second, such as "100KB/s"'),
        ({"limits": {"loss": {"as": "x"}}}, 'limits.loss.as is "x": expected one of 408, hang, reset'),
        ({"mode": "x"}, 'mode is "x": expected one of cascade, exclusive'),
        ({"enabled": 1}, "enabled is 1: expected true or false"),
        ({"seed": 2**53}, "seed is 9007199254740992: expected a whole number up to"),
        ({"routes": {}}, "routes is {}: expected a list"),
        ({"routes": [{"headers": {"a": "b", "c": 5}}]}, "routes[0].headers.c is 5: expected a text"),
        ({"scenarios": {"a": {}, "b": {"mode": 1}}}, "scenarios.b.mode is 1: expected one of cascade, exclusive"),
        ([], "the document is []: expected an object"),
        (None, "the document is null: expected an object"),
    ],
)
def test_values_out_of_range(document: Any, message: str) -> None:
    """The message names the field, the value and the range."""
    with pytest.raises(InputError) as refused:
        formed(Plan, document)
    assert refused.value.code == "chaos.bad_value"
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("document", "message", "near"),
    [
        ({"fauls": {}}, "fauls: there is no such key", "faults"),
        ({"faults": {"drp": 1}}, "faults.drp: there is no such key", "drop"),
        ({"limits": {"globl": {}}}, "limits.globl: there is no such key", "global"),
        (
            {"routes": [{"faults": {"status": {"cods": []}}}]},
            "routes[0].faults.status.cods: there is no such key",
            "codes",
        ),
        ({"tests": {"t.1": {"faults": {"dropp": 1}}}}, "tests.t.1.faults.dropp: there is no such key", "drop"),
    ],
)
def test_unknown_keys(document: Any, message: str, near: str) -> None:
    """An unknown key is refused, with the one that was meant."""
    with pytest.raises(InputError) as refused:
        formed(Plan, document)
    assert (refused.value.code, refused.value.message) == ("chaos.unknown_key", message)
    assert refused.value.hint == f'did you mean "{near}"?'


def test_places_below_others() -> None:
    """A part of a document is told with the place of the part."""
    with pytest.raises(InputError, match=r"^tests\.a\.faults\.drop is 2: "):
        formed(Scope, {"faults": {"drop": 2}}, "tests.a")


def test_values_are_shown_short() -> None:
    """A long value is cut, and one that has no JSON is shown all the same."""
    assert shown("x" * 500).endswith("…") and len(shown("x" * 500)) == 81
    assert shown(object()).startswith("<object")


def test_a_plan_goes_there_and_back() -> None:
    """A plan in builtin types is the same plan again."""
    document = {
        "seed": 7,
        "mode": "exclusive",
        "latency": {"uniform": ["100ms", "500ms"], "jitter": 0.2, "probability": 0.8},
        "faults": {"status": {"codes": [500, {"code": 503, "weight": 3}]}, "drop": 0.5, "stall": {"for": "1s"}},
        "limits": {"global": {"rate": "50/s", "burst": 10}, "loss": {"probability": 0.05, "as": "reset"}},
        "routes": [{"path": "/v1/*", "answers": [{"json": {"ok": True}}, {"json": None}, {}]}],
        "scenarios": {"lunch": {"for": "30s", "faults": {"drop": {"ramp": {"from": 0.1, "over": 10}}}}},
        "schedule": [{"start": "lunch", "at": "10s"}],
    }
    plan = formed(Plan, document)
    assert formed(Plan, msgspec.to_builtins(plan)) == plan
    assert formed(Plan, msgspec.json.decode(msgspec.json.encode(plan))) == plan
    state = State.begun(plan)
    assert State.of(state.plain()) == state and State.of(msgspec.json.decode(msgspec.json.encode(state))) == state
