"""What is so now, for Prometheus: load, connections, limits, how full their buckets are. Looked up when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fozzy.chaos.labels import NO_ROUTE, ROUTES_MAX, route_label

if TYPE_CHECKING:
    from fozzy.chaos.session import Session
    from fozzy.faults.http.compile import Compiled

SECOND_NS = 10**9

Family = GaugeMetricFamily


class Gauges(Collector):
    """Of one session. *Limits*: the server's section and the first `ROUTES_MAX` routes; no bucket of a client."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def collect(self) -> Iterator[Family]:
        """One family per kind of number."""
        session = self._session
        engine, state = session.engine, session.engine.state
        yield Family("fozzy_requests_in_flight", "Requests that are being answered.", session.load)
        yield Family("fozzy_requests_in_flight_max", "The most there were at once.", session.load_max)
        yield Family("fozzy_connections", "Open connections of clients.", session.connections)
        if engine.connections.open_max is not None:
            most = engine.connections.open_max
            yield Family("fozzy_connections_limit", "Connections that may be open.", most)
        yield Family("fozzy_chaos_enabled", "Whether chaos is on.", float(state.enabled))
        active = Family("fozzy_chaos_scenario_active", "Scenarios that are in force.", labels=["scenario"])
        for each in state.active:
            active.add_metric([each.name], 1)
        yield active
        yield from self._limits()

    def _limits(self) -> Iterator[Family]:
        """Rates, bursts, tokens left, bandwidths and concurrency of the server's section and of routes."""
        limits = ["scope", "route"]
        rates = Family("fozzy_rate_limit_per_second", "What refills a bucket.", labels=limits)
        bursts = Family("fozzy_rate_limit_burst", "The size of a bucket.", labels=limits)
        tokens = Family("fozzy_rate_limit_tokens", "What is left in a bucket that all share.", labels=limits)
        widths = Family(
            "fozzy_bandwidth_bytes_per_second", "What a body may take.", labels=["direction", "per", "route"]
        )
        crowds = Family("fozzy_concurrency_limit", "Requests that may be in flight.", labels=["route"])
        buckets, now_ns = self._session.engine.buckets, self._session.now_ns()
        for label, key, section in self._sections():
            for limit in section.buckets:
                labels = [limit.scope, label]
                rates.add_metric(labels, limit.rate * SECOND_NS / limit.unit_ns)
                bursts.add_metric(labels, limit.burst)
                if limit.scope == "global" or (limit.scope == "route" and key):
                    whose = "global" if limit.scope == "global" else f"route {key}"
                    tokens.add_metric(labels, buckets.left(limit.owed(whose), now_ns))
            paced = section.bandwidth
            for direction in ("up", "down"):
                width = None if paced is None else getattr(paced, direction)
                if paced is not None and width is not None:
                    widths.add_metric([direction, paced.per, label], width)
            if section.concurrency is not None:
                crowds.add_metric([label], section.concurrency)
        yield from (rates, bursts, tokens, widths, crowds)

    def _sections(self) -> Iterator[tuple[str, str, Compiled]]:
        """What holds without a route, then for each: its label, the key of its bucket, its section."""
        program = self._session.engine.program
        if not program.enabled:
            return
        yield NO_ROUTE, "", program.section("", None)
        seen = {NO_ROUTE}
        for index, route in enumerate(program.state.plan.routes[:ROUTES_MAX]):
            label = route_label(route)
            if label not in seen:
                seen.add(label)
                yield label, f"routes[{index}]", program.section("", index)
