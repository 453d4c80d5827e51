"""The scenarios everybody has, as data: five of MockForge by its names and numbers, and profiles of networks.

All are `exclusive`, so that each share is the share of all requests. A plan's own scenario of the same name wins.
To add one: add it here; `fozzy proxy scenarios`, the control API and the reference show it.
"""

from __future__ import annotations

from fozzy.faults.http.plan import (
    Bucket,
    ConnectionError,
    Faults,
    Latency,
    Limits,
    Loss,
    Scenario,
    Status,
    Timeout,
)

_TEN = Bucket(rate="10/s", burst=2)
_FIFTY = Bucket(rate="50/s", burst=10)


def _network(about: str, latency: str, jitter: float, bandwidth: str, loss: float | None = None) -> Scenario:
    limits = Limits(bandwidth=bandwidth, loss=None if loss is None else Loss(probability=loss))
    return Scenario(about=about, mode="exclusive", latency=Latency(fixed=latency, jitter=jitter), limits=limits)


SCENARIOS: dict[str, Scenario] = {
    "network_degradation": Scenario(
        about="A poor network: slow for four requests in five, narrow, and it loses some.",
        mode="exclusive",
        latency=Latency(fixed="500ms", jitter=0.2, probability=0.8),
        limits=Limits(bandwidth="100KB/s", loss=Loss(probability=0.05)),
    ),
    "service_instability": Scenario(
        about="A service that fails one time in five and hangs one time in ten.",
        mode="exclusive",
        faults=Faults(
            status=Status(codes=[500, 502, 503, 504], probability=0.2), timeout=Timeout(after="5s", probability=0.1)
        ),
    ),
    "cascading_failure": Scenario(
        about="Slow, failing and limited at once.",
        mode="exclusive",
        latency=Latency(uniform=("1s", "5s"), jitter=0.3, probability=0.7),
        faults=Faults(
            status=Status(codes=[500, 503], probability=0.3),
            timeout=Timeout(probability=0.2),
            connection_error=ConnectionError(probability=0.1),
        ),
        limits=Limits(global_=_TEN, client=_TEN),
    ),
    "peak_traffic": Scenario(
        about="More traffic than is let through.", mode="exclusive", limits=Limits(global_=_FIFTY, route=_FIFTY)
    ),
    "slow_backend": Scenario(
        about="Every answer takes two seconds.",
        mode="exclusive",
        latency=Latency(fixed="2s", jitter=0.1, probability=1.0),
    ),
}

PROFILES: dict[str, Scenario] = {
    "slow_3g": _network("Slow mobile data.", "400ms", 0.1, "400KB/s", 0.01),
    "fast_3g": _network("Good mobile data.", "150ms", 0.05, "1500KB/s", 0.005),
    "flaky_wifi": Scenario(
        about="Wireless that fails now and then.",
        mode="exclusive",
        latency=Latency(fixed="50ms", jitter=0.2),
        faults=Faults(
            status=Status(codes=[500, 502, 503], probability=0.05),
            connection_error=ConnectionError(probability=0.03),
        ),
        limits=Limits(loss=Loss(probability=0.05)),
    ),
    "cable": _network("A good line.", "20ms", 0.02, "10MB/s"),
    "dialup": _network("A telephone line.", "2s", 0.15, "50KB/s", 0.02),
}

PREDEFINED = {**SCENARIOS, **PROFILES}
