"""Metrics count what was applied and what was bypassed, once each, under labels that are bounded."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from fozzy.chaos.metrics import KINDS_MAX, Metrics
from fozzy.core.exchange import Asked, Sent
from fozzy.faults.http.plan import Route
from tests.chaos.exchanges import exchange, listened


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """What the exposition says, read as Prometheus reads it: name and label values to value."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_request_is_counted_with_route_and_status() -> None:
    """A request counts by its method, the route as the plan says it, and what the client got."""
    metrics = Metrics(listened(Route(method="POST", path="/v1/*")))
    metrics.listen(exchange(1, 201, at="routes[0]", request=Asked("POST", "/v1/secret/17")))
    metrics.listen(exchange(2, 404, request=Asked("BREW", "/a")))
    found = samples(metrics)
    assert found["fozzy_requests_total", "POST", "POST /v1/*", "201"] == 1
    assert found["fozzy_requests_total", "other", "none", "404"] == 1
    assert found["fozzy_request_duration_seconds_count", "POST /v1/*"] == 1
    assert found["fozzy_request_duration_seconds_sum", "none"] == 0.005
    assert "secret" not in metrics.text().decode() and "_created" not in metrics.text().decode()


def test_an_applied_fault_counts_once_and_only_itself() -> None:
    """Each fault that was applied adds one to its own counter, and nothing to any other."""
    metrics = Metrics(listened())
    for action in ("drop", "malformed", "limit.rate"):
        metrics.listen(exchange(1, 500, planned=action, applied=action))
    metrics.listen(exchange(1, 500, planned="drop", applied="drop", source="fixture"))
    found = {key: value for key, value in samples(metrics).items() if key[0].startswith("fozzy_chaos_")}
    assert {key: value for key, value in found.items() if key[0] == "fozzy_chaos_triggered_total"} == {
        ("fozzy_chaos_triggered_total", "drop", "proxy"): 1,
        ("fozzy_chaos_triggered_total", "malformed", "proxy"): 1,
        ("fozzy_chaos_triggered_total", "limit.rate", "proxy"): 1,
        ("fozzy_chaos_triggered_total", "drop", "fixture"): 1,
    }
    assert not [key for key in found if key[0] == "fozzy_chaos_bypassed_total"]


def test_a_bypass_increments_only_the_bypass_counter() -> None:
    """A fault that was planned and not applied counts under its reason and is not triggered."""
    metrics = Metrics(listened())
    metrics.listen(exchange(1, 502, planned="malformed", reason="upstream_failed"))
    metrics.listen(exchange(2, 200, planned="drop", reason="What a client makes up: 17"))
    found = samples(metrics)
    assert found["fozzy_chaos_bypassed_total", "malformed", "upstream_failed", "proxy"] == 1
    assert found["fozzy_chaos_bypassed_total", "drop", "other", "proxy"] == 1
    assert not [key for key in found if key[0] == "fozzy_chaos_triggered_total"]


def test_a_delay_counts_as_latency_beside_the_fault() -> None:
    """A delay that was waited for is triggered and measured; one that was not is bypassed."""
    metrics = Metrics(listened())
    metrics.listen(exchange(1, 500, planned="drop", applied="drop", delay_ns=10**9, waited_ns=2 * 10**9))
    metrics.listen(exchange(2, 200, delay_ns=10**9, reason="door_cannot"))
    found = samples(metrics)
    assert found["fozzy_chaos_triggered_total", "latency", "proxy"] == 1
    assert found["fozzy_chaos_triggered_total", "drop", "proxy"] == 1
    assert found["fozzy_chaos_bypassed_total", "latency", "door_cannot", "proxy"] == 1
    assert found["fozzy_chaos_delay_seconds_sum", "none"] == 2
    assert found["fozzy_chaos_delay_seconds_count", "none"] == 1


def test_strange_traffic_makes_no_more_series() -> None:
    """However strange the traffic is, the exposition stays bounded and counts every request."""
    metrics = Metrics(listened())
    count = KINDS_MAX + 1000
    for number in range(count):
        said = exchange(number, planned=f"f{number % 50}", reason=f"r{number}", request=Asked(f"M{number}", "/"))
        metrics.listen(said)
    for status in range(100, 1000):
        metrics.listen(exchange(1, sent=Sent(status)))
    found = samples(metrics)
    assert sum(value for key, value in found.items() if key[0] == "fozzy_requests_total") == count + 900
    assert len(found) < KINDS_MAX
