"""Of several who say a field the nearest wins, and every field knows who said it."""

from __future__ import annotations

from typing import Any

from fozzy.faults.http import control
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.explained import Effective
from fozzy.faults.http.resolve import declared, layers, resolved
from tests.faults.http.asking import MS, ask, engine

SAID: dict[str, Any] = {
    "latency": {"fixed": "50ms"},
    "faults": {"drop": 1, "malformed": 0.5, "timeout": 0.25},
    "limits": {"global": {"rate": "50/s", "burst": 10}, "concurrency": 9, "loss": 0.5},
    "tests": {"own": {"faults": {"stall": 1}}, "over": {"merge": True, "mode": "cascade", "faults": {"drop": 0.1}}},
    "routes": [{"path": "/a", "faults": {"malformed": 1}}, {"path": "/b", "latency": {"fixed": "1ms"}}],
}


def origins(holds: Effective) -> dict[str, str]:
    """Who said each field."""
    return {field.name: field.origin for field in holds.fields}


def test_each_field_with_its_origin() -> None:
    """Server, test scope and route meet field by field."""
    asked = engine(**SAID)
    server = dict.fromkeys(("latency", "faults.drop", "faults.malformed", "faults.timeout", "limits.loss"), "server")
    server |= dict.fromkeys(("limits.global", "limits.concurrency"), "server")
    assert origins(asked.effective()) == server
    assert origins(asked.effective("stranger")) == server
    assert origins(asked.effective("over")) == {**server, "faults.drop": "test over"}
    assert origins(asked.effective("own")) == {"faults.stall": "test own"}
    assert origins(asked.effective("own", 0)) == {"faults.stall": "test own", "faults.malformed": "routes[0]"}
    assert origins(asked.effective("over", 1)) == {**server, "faults.drop": "test over", "latency": "routes[1]"}
    assert (asked.effective().mode, asked.effective().mode_origin) == ("cascade", "default")
    assert asked.effective("over").mode_origin == "test over"


def test_shares_in_a_cascade() -> None:
    """In a cascade each fault has its part of what those before it left."""
    shares = {
        field.name: field.share
        for field in engine(faults={"drop": 0.5, "rate_limit": 0.5, "timeout": 1}).effective().fields
    }
    assert shares == {"faults.drop": 0.5, "faults.rate_limit": 0.25, "faults.timeout": 0.25}


def test_traffic_gets_what_is_explained() -> None:
    """The rolls of a request have the origins that are explained."""
    asked = engine(**{**SAID, "faults": {"drop": 0, "malformed": 0.5}})
    decision = ask(asked, "/a", test="over")
    assert {(roll.draw, roll.origin) for roll in decision.rolls} >= {("drop", "test over")}
    assert decision.delay_ns == 50 * MS and ask(asked, "/b").delay_ns == MS


def test_a_scenario_takes_the_place_of_the_section_alone() -> None:
    """While a scenario is active the server's own faults are out of force; routes and test scopes stay."""
    asked = engine(**SAID)
    asked.change(control.start(asked.state, "cable", 0), 0)
    assert set(origins(asked.effective()).values()) == {"scenario cable"}
    assert origins(asked.effective("own", 0)) == {"faults.stall": "test own", "faults.malformed": "routes[0]"}


def test_a_number_is_a_field_like_any_other() -> None:
    """A nearer 0 turns a fault off, a nearer number takes the place of all that a farther one says."""
    asked = engine(
        faults={"malformed": {"how": "truncate", "first": 1}},
        routes=[{"path": "/off", "faults": {"malformed": 0}}, {"path": "/on", "faults": {"malformed": 1}}],
    )
    assert ask(asked, "/off").planned == ""
    assert [ask(asked, "/on").action[0] for _ in range(2)] == ["invalid-json"] * 2  # type: ignore[index]


def test_who_declares_something() -> None:
    """Everybody is there once, the server first."""
    asked: Engine = engine(**SAID)
    assert [each.origin for each in declared(asked.state)] == [
        "server",
        "test own",
        "test over",
        "routes[0]",
        "routes[1]",
    ]
    assert [each.origin for each in layers(asked.state, "over", 1)] == ["server", "test over", "routes[1]"]
    assert resolved([]).mode.value == "cascade"
