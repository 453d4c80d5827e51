"""What MockForge's users were told to verify, step by step, with our command line; and its sample of a test suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.started import Started
from tests.chaos.upstream import Upstream

SCENARIOS = [
    "network_degradation",
    "service_instability",
    "cascading_failure",
    "peak_traffic",
    "slow_backend",
]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """The service behind the proxy."""
    with Upstream() as upstream:
        yield upstream


def test_steps_1_to_3_a_scenario_delays_and_the_status_names_it(upstream: Upstream) -> None:
    """`serve --chaos --chaos-scenario network_degradation`: about 500 ms per request, and the status says so."""
    words = ("--chaos", "--chaos-scenario", "network_degradation", "--upstream", upstream.url, "--seed", "7")
    with Started(*words) as proxy:
        status = proxy.controls("GET", "/api/chaos/status")
        assert status["enabled"] and status["active_scenarios"] == ["network_degradation"]
        assert status["latency_enabled"] and status["traffic_shaping_enabled"]
        assert not status["fault_injection_enabled"] and not status["rate_limit_enabled"]
        taken = proxy.take_all([f"/api/test?{n}" for n in range(20)], at_once=20)
        journal = proxy.controls("GET", "/fozzy/journal?limit=100")
        entries = {each["target"]: each for each in journal["entries"]}
        delayed = [entries[f"/api/test?{n}"]["delay_ns"] for n in range(20)]
        assert 10 <= sum(each > 0 for each in delayed) < 20  # four in five, by the seed
        assert all(400e6 <= each <= 600e6 for each in delayed if each)
        assert all(each.seconds >= delay / 1e9 for each, delay in zip(taken, delayed, strict=True))
        proxy.stop()


def test_step_4_errors(upstream: Upstream) -> None:
    """`--chaos-http-errors 500 --chaos-http-error-probability 1.0`: 500 for every request."""
    words = ("--chaos", "--chaos-http-errors", "500", "--chaos-http-error-probability", "1.0")
    before = upstream.count
    with Started(*words, "--upstream", upstream.url) as proxy:
        assert [proxy.ask("/api/test").status_code for _ in range(5)] == [500] * 5
        assert upstream.count == before
        assert "--status" in "\n".join(proxy.lines)  # told by our name
        assert proxy.stop() == 0


def test_step_5_a_rate_limit(upstream: Upstream) -> None:
    """`--chaos-rate-limit 1`, ten requests in a row: limited after the first few."""
    with Started("--chaos", "--chaos-rate-limit", "1", "--upstream", upstream.url) as proxy:
        statuses = [proxy.ask("/api/test").status_code for _ in range(10)]
        assert statuses[0] == 200 and statuses.count(429) >= 5 and set(statuses) == {200, 429}
        limited = proxy.ask("/api/test")
        assert limited.json()["error"]["code"] == "chaos_ratelimit" and limited.headers["retry-after"] == "1"


def test_step_6_control_at_run_time(upstream: Upstream) -> None:
    """`POST /api/chaos/scenarios/cascading_failure`, then the status: it works on a proxy that began without chaos."""
    with Started("--upstream", upstream.url) as proxy:
        assert proxy.ask("/api/test").status_code == 200
        assert not proxy.controls("GET", "/api/chaos/status")["active_scenarios"]
        proxy.controls("POST", "/api/chaos/scenarios/cascading_failure")
        status = proxy.controls("GET", "/api/chaos/status")
        assert status == {
            "enabled": True,
            "active_scenarios": ["cascading_failure"],
            "latency_enabled": True,
            "fault_injection_enabled": True,
            "rate_limit_enabled": True,
            "traffic_shaping_enabled": False,
        }
        taken = proxy.take_all(["/api/test"] * 40, at_once=40, timeout=1)
        assert 429 in [each.status for each in taken]  # ten a second with a burst of two


def test_the_usage_examples_at_run_time(upstream: Upstream) -> None:
    """Start without chaos, enable it, configure the latency, start a scenario: each takes effect on the next request."""
    with Started("--disabled", "--upstream", upstream.url, "--seed", "7") as proxy:
        proxy.controls("POST", "/api/chaos/enable")
        said = {"enabled": True, "fixed_delay_ms": 100, "jitter_percent": 20.0, "probability": 1.0}
        proxy.controls("PUT", "/api/chaos/config/latency", said)
        assert proxy.take("/api/test").seconds >= 0.08
        config = proxy.controls("GET", "/api/chaos/config")
        assert config["latency"]["fixed_delay_ms"] == 100 and config["latency"]["jitter_percent"] == 20.0
        proxy.controls("POST", "/api/chaos/scenarios/service_instability")
        assert proxy.controls("GET", "/api/chaos/status")["fault_injection_enabled"]
        assert not proxy.controls("GET", "/api/chaos/status")["latency_enabled"]
        names = [each["name"] for each in proxy.controls("GET", "/api/chaos/scenarios/predefined")]
        assert names == SCENARIOS
        proxy.controls("DELETE", "/api/chaos/scenarios/service_instability")
        assert proxy.controls("GET", "/api/chaos/status")["latency_enabled"]
        proxy.controls("POST", "/api/chaos/disable")
        assert proxy.take("/api/test").seconds < 5 and not proxy.controls("GET", "/api/chaos/status")["enabled"]


def test_failed_requests_can_be_searched(upstream: Upstream) -> None:
    """`POST /api/recorder/search` with a status finds the requests that failed, and no others."""
    words = ("--chaos-http-errors", "500", "--chaos-http-error-probability", "0.5", "--seed", "7")
    with Started(*words, "--upstream", upstream.url) as proxy:
        statuses = [proxy.ask(f"/orders/{n}").status_code for n in range(20)]
        found = proxy.controls("POST", "/api/recorder/search", {"status_code": 500})
        assert 0 < statuses.count(500) < 20
        assert len(_entries(found)) == statuses.count(500)


def _entries(found: object) -> list[object]:
    """The list in an answer, under whatever name."""
    if isinstance(found, list):
        return found
    assert isinstance(found, dict)
    return next(value for value in found.values() if isinstance(value, list))


# MockForge's sample of a test suite: chaos is enabled before each test and reset after it.


@pytest.fixture(scope="module")
def suite(upstream: Upstream) -> Iterator[Started]:
    """One proxy for the suite, without chaos."""
    with Started("--upstream", upstream.url, "--seed", "7") as proxy:
        yield proxy


@pytest.fixture
def chaos(suite: Started) -> Iterator[Started]:
    """`beforeEach` and `afterEach`, request for request."""
    suite.controls("POST", "/api/chaos/enable")
    yield suite
    suite.controls("POST", "/api/chaos/reset")


def test_should_handle_network_degradation(chaos: Started) -> None:
    """The sample's test: the scenario is started, the request answers 200."""
    chaos.controls("POST", "/api/chaos/scenarios/network_degradation")
    answers = [chaos.take("/api/test") for _ in range(3)]
    assert 200 in [each.status for each in answers]
    assert chaos.controls("GET", "/api/chaos/status")["active_scenarios"] == ["network_degradation"]


@pytest.mark.parametrize("turn", [1, 2])
def test_a_test_starts_clean(chaos: Started, turn: int) -> None:
    """What a test has started or configured is over in the next one."""
    status = chaos.controls("GET", "/api/chaos/status")
    assert status["active_scenarios"] == [] and not status["latency_enabled"] and not status["fault_injection_enabled"]
    assert [chaos.ask("/api/test").status_code for _ in range(5)] == [200] * 5
    assert chaos.controls("GET", "/fozzy/stats")["summary"]["requests"] == 5
    chaos.controls("POST", "/api/chaos/scenarios/slow_backend")
    chaos.controls("PUT", "/api/chaos/config/faults", {"enabled": True, "http_errors": [503]})
