"""Scenarios are listed with what they do, started and stopped; stopping restores exactly what was before."""

from __future__ import annotations

import pytest

from fozzy.faults.http.predefined import PROFILES, SCENARIOS
from tests.chaos.api.asking import Asking

OWN = {"scenarios": {"lunch_rush": {"about": "Too many.", "for": "30s", "limits": {"global": {"rate": "5/s"}}}}}


def names(asking: Asking, query: str = "") -> list[str]:
    return [each["name"] for each in asking.get(f"/fozzy/scenarios{query}")["scenarios"]]


def test_every_scenario_is_listed_with_its_config() -> None:
    """One's own, the five and the profiles of networks are listed, each with its kind and what it does."""
    asking = Asking(OWN)
    assert names(asking) == ["lunch_rush", *SCENARIOS, *PROFILES]
    assert names(asking, "?kind=predefined") == list(SCENARIOS)
    assert names(asking, "?kind=profile") == list(PROFILES)
    assert names(asking, "?kind=own") == ["lunch_rush"]
    assert names(asking, "?active=true") == []
    said = asking.get("/fozzy/scenarios/lunch_rush")
    assert said["config"] == {"limits": {"global": {"rate": "5/s"}}}
    assert (said["kind"], said["about"], said["lasts"], said["is_active"]) == ("own", "Too many.", "30s", False)


@pytest.mark.parametrize("name", [*SCENARIOS, *PROFILES])
def test_while_a_scenario_is_active_it_is_what_holds(name: str) -> None:
    """The effective config of a started scenario is the one that is listed; after it, exactly what was before."""
    asking = Asking({"enabled": False, "mode": "cascade", "faults": {"drop": 0.5}, "tests": {"t1": {}}})
    before = asking.everything()
    listed = asking.get(f"/fozzy/scenarios/{name}")["config"]
    started = asking.do("POST", f"/fozzy/scenarios/{name}")
    assert started["enabled"] is True
    assert started["holds"]["config"] == listed != {}
    assert {each["origin"] for each in started["holds"]["fields"]} == {f"scenario {name}"}
    assert names(asking, "?active=true") == [name]
    asking.do("DELETE", f"/fozzy/scenarios/{name}")
    assert asking.everything() == before


def test_one_takes_the_place_of_another_or_is_laid_over_it() -> None:
    """A second scenario replaces the first, with `stack` it is merged over it in the order given."""
    asking = Asking()
    asking.do("POST", "/fozzy/scenarios/slow_backend")
    replaced = asking.do("POST", "/fozzy/scenarios/peak_traffic")
    assert [each["name"] for each in replaced["active"]] == ["peak_traffic"]
    assert "latency" not in replaced["holds"]["config"]
    stacked = asking.do("POST", "/fozzy/scenarios/slow_backend", {"stack": True})
    assert [each["name"] for each in stacked["active"]] == ["peak_traffic", "slow_backend"]
    assert stacked["holds"]["config"]["latency"]["fixed"] == "2s"
    assert stacked["holds"]["config"]["limits"]["global"]["rate"] == "50/s"
    again = asking.ask("POST", "/fozzy/scenarios/slow_backend", {"stack": True})
    assert (again.status, again.error["code"]) == (409, "chaos.active")
    assert asking.do("DELETE", "/fozzy/scenarios")["active"] == []
    assert asking.do("DELETE", "/fozzy/scenarios")["active"] == []


def test_a_scenario_ends_when_its_time_is_over() -> None:
    """Its own duration, or one that is said when it starts, is enforced, and its end is an event."""
    asking = Asking(OWN)
    asking.do("POST", "/fozzy/scenarios/lunch_rush")
    asking.now_ns = 31 * 10**9
    asking.request()
    assert asking.get("/fozzy/status")["active"] == []
    asking.do("POST", "/fozzy/scenarios/slow_backend", {"for": "5s"})
    asking.now_ns += 4 * 10**9
    assert asking.request().delay_ns > 0
    asking.now_ns += 2 * 10**9
    assert asking.request().delay_ns == 0
    assert [change.fields["what"] for change in asking.changes] == [
        "scenario started",
        "the time of lunch_rush is over",
        "scenario started",
        "the time of slow_backend is over",
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/fozzy/scenarios/slow_backed", None, 404, "chaos.unknown_scenario"),
        ("POST", "/fozzy/scenarios/slow_backed", None, 404, "chaos.unknown_scenario"),
        ("DELETE", "/fozzy/scenarios/slow_backed", None, 404, "chaos.not_active"),
        ("DELETE", "/fozzy/scenarios/slow_backend", None, 404, "chaos.not_active"),
        ("POST", "/fozzy/scenarios/slow_backend", {"for": "0s"}, 400, "chaos.bad_value"),
        ("POST", "/fozzy/scenarios/slow_backend", {"for": 5}, 400, "chaos.bad_value"),
        ("POST", "/fozzy/scenarios/slow_backend", {"stack": 1}, 400, "chaos.bad_value"),
        ("POST", "/fozzy/scenarios/slow_backend", {"pile": True}, 400, "chaos.unknown_key"),
        ("POST", "/fozzy/scenarios/slow_backend", [], 400, "chaos.bad_value"),
        ("GET", "/fozzy/scenarios?kind=mine", None, 400, "chaos.bad_value"),
    ],
)
def test_what_cannot_be_started_or_stopped(method: str, path: str, body: object, status: int, code: str) -> None:
    """An unknown scenario is not found, with the one that was meant; a bad body is refused; nothing changes."""
    asking = Asking()
    said = asking.ask(method, path, body)
    assert (said.status, said.error["code"]) == (status, code)
    assert asking.changes == []
    if code == "chaos.unknown_scenario":
        assert "slow_backend" in said.error["hint"]
