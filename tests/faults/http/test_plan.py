"""A plan: what the types take as it is written in a file, and what they refuse."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.faults.http.plan import Plan, Route, Scope, Status

WHOLE: dict[str, Any] = {
    "$schema": "./chaos.schema.json",
    "seed": 7,
    "mode": "exclusive",
    "latency": {"uniform": ["100ms", "500ms"], "jitter": 0.2, "probability": 0.8},
    "faults": {
        "drop": 0.5,
        "status": {"sequence": [503, 0, 500]},
        "timeout": {"after": "5s", "probability": 0.1},
        "disconnect": {"how": "rst", "at": "before-response", "ramp": {"from": 0.1, "to": 0.5, "over": "1m"}},
        "stall": {"for": "2s"},
    },
    "limits": {"global": {"rate": "50/s", "burst": 10}, "loss": {"probability": 0.05, "as": "hang"}},
    "routes": [{"path": "/v1/*", "answers": [{"json": None}, {"text": "x"}], "faults": {"drop": {"pattern": "F.F"}}}],
    "tests": {"t1": {"merge": True}},
    "scenarios": {"rush": {"for": "30s", "latency": {"list": ["1ms", "2ms"]}}},
    "schedule": [{"start": "rush", "at": "10s"}],
}
BAD: dict[str, dict[str, Any]] = {
    "a share over 1": {"faults": {"drop": 1.5}},
    "a share below 0": {"faults": {"drop": {"probability": -0.1}}},
    "a share as text": {"faults": {"drop": "0.5"}},
    "an unknown key": {"faults": {"dorp": 0.5}},
    "a status below 100": {"faults": {"status": {"codes": [99]}}},
    "a status above 599": {"faults": {"status": {"codes": [600]}}},
    "a status above 599 in a sequence": {"faults": {"status": {"sequence": [0, 600]}}},
    "a duration without a unit": {"latency": {"fixed": "100"}},
    "a rate without a unit": {"limits": {"global": {"rate": "50"}}},
    "a bandwidth in bits": {"limits": {"bandwidth": "1Mbit/s"}},
    "a pattern of other letters": {"faults": {"drop": {"pattern": "FxF"}}},
    "an ordinal of 0": {"faults": {"drop": {"first": 0}}},
    "a seed over 2^53-1": {"seed": 1 << 53},
}


def test_a_whole_plan_comes_back_as_it_was_written() -> None:
    """What a file says is what the API gives, names and all, and nothing that was not said."""
    plan = msgspec.convert(WHOLE, Plan)
    assert msgspec.json.decode(msgspec.json.encode(plan)) == WHOLE
    assert plan.faults.status == Status(sequence=[503, 0, 500])
    assert plan.routes[0].answers[0].json is None and plan.routes[0].answers[1].json is msgspec.UNSET
    assert plan.tests == {"t1": Scope(merge=True)} and isinstance(plan.routes[0], Route)


@pytest.mark.parametrize("said", BAD.values(), ids=BAD)
def test_what_is_out_of_range_is_refused(said: dict[str, Any]) -> None:
    """Nothing is clamped and nothing guessed."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(said, Plan)


def test_every_field_says_what_it_means() -> None:
    """Schemas, editors and pages have a sentence for each."""
    _, parts = msgspec.json.schema_components([Plan])
    silent = [
        f"{name}.{field}"
        for name, part in parts.items()
        for field, said in part["properties"].items()
        if not said.get("description", "").endswith(".")
    ]
    assert len(parts) > 25 and silent == []
