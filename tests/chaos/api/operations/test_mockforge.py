"""MockForge's paths take and give its names, and what they say is in force from the next request on."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.faults.http.predefined import SCENARIOS
from tests.chaos.api.asking import Asking

MS = 10**6


def status(asking: Asking) -> Any:
    return asking.get("/api/chaos/status")


def test_its_documented_session_works() -> None:
    """Enable, configure the latency, start a scenario, look at the status, reset: as its documentation does."""
    asking = Asking()
    assert asking.do("POST", "/api/chaos/enable") == {"message": "Chaos engineering enabled"}
    latency = {"enabled": True, "fixed_delay_ms": 1000, "jitter_percent": 20.0, "probability": 1.0}
    assert asking.do("PUT", "/api/chaos/config/latency", latency) == {"message": "Latency configuration updated"}
    assert all(800 * MS <= asking.request().delay_ns <= 1200 * MS for _ in range(20))
    asking.do("POST", "/api/chaos/scenarios/service_instability")
    assert status(asking) == {
        "enabled": True,
        "active_scenarios": ["service_instability"],
        "latency_enabled": False,
        "fault_injection_enabled": True,
        "rate_limit_enabled": False,
        "traffic_shaping_enabled": False,
    }
    planned = {asking.request(target=f"/{number}").planned for number in range(100)}
    assert planned == {"", "status", "timeout"}
    asking.do("DELETE", "/api/chaos/scenarios/service_instability")
    assert asking.request().delay_ns > 0
    asking.do("POST", "/api/chaos/reset")
    assert asking.request().delay_ns == 0
    assert status(asking)["latency_enabled"] is False


def test_hooks_around_each_test_leave_nothing() -> None:
    """Enabling before and resetting after each test, each begins as the first did."""
    asking = Asking({"enabled": False})
    before = asking.get("/fozzy/config")["plan"]
    for name in SCENARIOS:
        asking.do("POST", "/api/chaos/enable")
        asking.do("POST", f"/api/chaos/scenarios/{name}")
        assert status(asking)["active_scenarios"] == [name]
        asking.request()
        asking.do("POST", "/api/chaos/reset")
        assert asking.get("/fozzy/config")["plan"] == before
        assert status(asking)["enabled"] is False


def test_the_whole_config_is_put_and_shown() -> None:
    """What is put is what is shown, in its names; it takes the place of everything, scenarios too."""
    asking = Asking({"faults": {"drop": 1.0}})
    asking.do("POST", "/fozzy/scenarios/slow_backend")
    asking.do(
        "PUT",
        "/api/chaos/config",
        {
            "enabled": True,
            "fault_injection": {"enabled": True, "http_errors": [503], "http_error_probability": 1.0},
            "rate_limit": {"enabled": True, "requests_per_second": 100, "burst_size": 3, "per_ip": True},
        },
    )
    shown = asking.get("/api/chaos/config")
    assert shown["fault_injection"]["http_errors"] == [503]
    assert shown["rate_limit"] == {
        "enabled": True,
        "requests_per_second": 100,
        "burst_size": 3,
        "per_ip": True,
        "per_endpoint": False,
    }
    assert (shown["latency"]["enabled"], shown["not_shown"]) == (False, [])
    assert [asking.request().planned for _ in range(4)] == ["status", "status", "status", "limit.rate"]
    asking.do("PUT", "/api/chaos/config", shown)
    assert asking.get("/api/chaos/config") == shown


@pytest.mark.parametrize(
    ("part", "said", "name", "value"),
    [
        ("faults", {"timeout_errors": True, "timeout_ms": 300, "timeout_probability": 1.0}, "faults.timeout", "300ms"),
        ("rate-limit", {"requests_per_second": 1, "burst_size": 2}, "limits.global", "1/s"),
        ("traffic", {"packet_loss_percent": 100.0}, "limits.loss", "408"),
    ],
)
def test_each_part_is_put_by_itself(part: str, said: Any, name: str, value: str) -> None:
    """A part changes what it says and leaves the rest, and switched off it is gone."""
    asking = Asking({"latency": {"fixed": "10ms"}})
    assert "updated" in asking.do("PUT", f"/api/chaos/config/{part}", {"enabled": True, **said})["message"]
    fields = {each["name"]: each["value"] for each in asking.get("/fozzy/config")["in_force"]["holds"]["fields"]}
    assert set(fields) == {"latency", name}
    assert value in str(fields[name])
    asking.do("PUT", f"/api/chaos/config/{part}", {"enabled": False})
    assert asking.get("/fozzy/config")["in_force"]["holds"]["config"] == {"latency": {"fixed": "10ms"}}


def test_a_part_that_is_put_over_a_scenario_is_in_force() -> None:
    """As in MockForge, the rest of what the scenario does stays; the scenario itself has ended, and that is said."""
    asking = Asking()
    asking.do("POST", "/api/chaos/scenarios/network_degradation")
    message = asking.do("PUT", "/api/chaos/config/latency", {"fixed_delay_ms": 7})["message"]
    assert '"network_degradation" ended' in message
    assert asking.request().delay_ns == 7 * MS
    shown = asking.get("/api/chaos/config")
    assert shown["traffic_shaping"]["bandwidth_limit_bps"] == 100_000
    assert status(asking)["active_scenarios"] == []


def test_scenarios_are_listed() -> None:
    """The five with their tags; those that are active with their config."""
    asking = Asking()
    five = asking.get("/api/chaos/scenarios/predefined")
    assert [each["name"] for each in five] == list(SCENARIOS)
    assert all(each["description"] and each["tags"] for each in five)
    assert asking.get("/api/chaos/scenarios") == []
    asking.do("POST", "/api/chaos/scenarios/peak_traffic")
    (active,) = asking.get("/api/chaos/scenarios")
    assert active["chaos_config"]["rate_limit"]["requests_per_second"] == 50
    assert asking.do("DELETE", "/api/chaos/scenarios") == {"message": "All scenarios stopped"}
    assert asking.do("DELETE", "/api/chaos/scenarios") == {"message": "All scenarios stopped"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("PUT", "config", {"latency": {"probability": 1.5}}, 400, "latency.probability"),
        ("PUT", "config", {"latency": {"fixed_delay_ms": 1, "random_delay_range_ms": [1, 2]}}, 400, "latency"),
        ("PUT", "config", {"scenario": "slow_backend"}, 400, "scenario"),
        ("PUT", "config", {"circuit_breaker": {"enabled": True}}, 400, "circuit_breaker"),
        ("PUT", "config", {"latencies": {}}, 400, "latencies"),
        ("PUT", "config", [], 400, ""),
        ("PUT", "config/latency", {"fixed_delay_ms": 40_000}, 400, "latency"),
        ("PUT", "config/latency", {"fixed_delay_ms": -1}, 400, "fixed_delay_ms"),
        ("PUT", "config/faults", {"http_errors": [99]}, 400, "http_errors[0]"),
        ("PUT", "config/rate-limit", {"requests_per_second": 0}, 400, "requests_per_second"),
        ("PUT", "config/traffic", None, 400, ""),
        ("POST", "scenarios/nothing", None, 404, ""),
        ("DELETE", "scenarios/slow_backend", None, 404, ""),
        ("POST", "config", {}, 405, ""),
        ("GET", "profiles", None, 404, ""),
    ],
)
def test_what_is_wrong_changes_nothing(method: str, path: str, body: Any, status: int, field: str) -> None:
    """What MockForge would pass over in silence is named, and the configuration stays."""
    asking = Asking({"faults": {"drop": 0.5}})
    before = asking.everything()
    said = asking.ask(method, f"/api/chaos/{path}", body)
    assert said.status == status, said.body
    assert said.error.get("field", "").startswith(field)
    assert asking.everything() == before
