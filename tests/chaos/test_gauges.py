"""Gauges say what is so now: the load, and the limits of the plan that is in force with what is left of them."""

from __future__ import annotations

import msgspec

from fozzy.chaos.metrics import Metrics
from fozzy.chaos.session import Session
from fozzy.faults.http.control import disable, start
from fozzy.faults.http.decision import Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan
from tests.chaos.exchanges import listened
from tests.chaos.test_metrics import samples

S = 10**9


def test_load_and_connections() -> None:
    """Load, connections and whether chaos is on are looked up when asked."""
    session = listened()
    metrics = Metrics(session)
    assert samples(metrics)["fozzy_requests_in_flight",] == 0
    session.load, session.connections = 3, 4
    session.change(disable(session.engine.state), "disable")
    found = samples(metrics)
    assert (found["fozzy_requests_in_flight",], found["fozzy_connections",], found["fozzy_chaos_enabled",]) == (3, 4, 0)


def test_limits_of_server_and_routes() -> None:
    """Rates, bursts, bandwidths and concurrency are told for the server and each route, and what a bucket has left."""
    plan = {
        "limits": {
            "global": {"rate": "120/m", "burst": 3},
            "client": {"rate": "9/s", "burst": 9},
            "bandwidth": "10KB/s",
            "concurrency": 8,
            "max_connections": 99,
        },
        "routes": [{"path": "/a", "limits": {"route": {"rate": "1/s", "burst": 5}}}, {"path": "/a", "name": "/a"}],
    }
    now = [0]
    session = Session(Engine(msgspec.convert(plan, Plan), 1, has_upstream=True), lambda: now[0])
    metrics = Metrics(session)
    for _ in range(2):
        session.decide(Seen("GET", "/a", [], b"", 0))
    found = samples(metrics)
    assert found["fozzy_rate_limit_per_second", "none", "global"] == 2
    assert found["fozzy_rate_limit_burst", "none", "global"] == 3
    assert found["fozzy_rate_limit_tokens", "none", "global"] == 1
    assert found["fozzy_rate_limit_tokens", "/a", "route"] == 3
    assert ("fozzy_rate_limit_tokens", "none", "client") not in found, "clients are not bounded"
    assert found["fozzy_rate_limit_per_second", "/a", "client"] == 9
    assert found["fozzy_bandwidth_bytes_per_second", "up", "global", "none"] == 10_000
    assert found["fozzy_bandwidth_bytes_per_second", "down", "global", "/a"] == 10_000
    assert found["fozzy_concurrency_limit", "none"] == 8
    assert found["fozzy_connections_limit",] == 99
    now[0] = S // 2
    assert samples(metrics)["fozzy_rate_limit_tokens", "none", "global"] == 2


def test_scenarios_are_told_while_they_are_in_force() -> None:
    """A scenario that is started shows, with its limits; nothing of limits shows while chaos is off."""
    session = listened()
    metrics = Metrics(session)
    session.change(start(session.engine.state, "peak_traffic", 0), "start")
    found = samples(metrics)
    assert found["fozzy_chaos_scenario_active", "peak_traffic"] == 1
    assert found["fozzy_rate_limit_per_second", "none", "global"] == 50
    session.change(disable(session.engine.state), "disable")
    assert not [key for key in samples(metrics) if key[0].startswith("fozzy_rate")]
