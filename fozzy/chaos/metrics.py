"""What happened, in numbers: the text that Prometheus reads. A listener of the session.

Rule 1: labels are bounded (`labels`): routes are told as the plan says them, never by the path of a request.
Rule 2: a fault counts once, where it was applied. One that was planned and not applied counts as bypassed, nowhere else.
Rule 3: what a request costs here is two lookups and a few additions: what to count is kept per kind of exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from fozzy.chaos.gauges import Gauges
from fozzy.chaos.labels import OTHER, REASONS_MAX, RouteLabels, Words, method_label, status_label
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange

if TYPE_CHECKING:
    from fozzy.chaos.session import Session

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KINDS_MAX = 8192  # kinds of exchanges that are counted apart; more, which only a strange upstream makes, are `other`
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


_Key = tuple[str, str, int, str, str, str, str, int]


class _Kind(NamedTuple):
    """What an exchange of one kind adds to."""

    ask: Callable[[], None]
    took: Callable[[float], None]
    waited: Callable[[float], None]
    faults: tuple[Callable[[], None], ...]


class Metrics:
    """Counters of one session. *Limits*: labels as in `labels`, `KINDS_MAX` kinds."""

    def __init__(self, session: Session) -> None:
        self._registry = registry = CollectorRegistry(auto_describe=True)
        self._triggered = Counter(
            "fozzy_chaos_triggered", "Faults that were applied.", ["action", "source"], registry=registry
        )
        self._bypassed = Counter(
            "fozzy_chaos_bypassed",
            "Faults that were planned and not applied.",
            ["action", "source", "reason"],
            registry=registry,
        )
        self._requests = Counter(
            "fozzy_requests", "Requests that ended.", ["method", "route", "status"], registry=registry
        )
        self._took = Histogram(
            "fozzy_request_duration_seconds",
            "From the arrival of a request to the last byte of its answer.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self._waited = Histogram(
            "fozzy_chaos_delay_seconds",
            "Delays that were injected, as measured.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self._routes = RouteLabels(session)
        self._reasons = Words(REASONS_MAX)
        self._kinds: dict[_Key, _Kind] = {}
        registry.register(Gauges(session))

    def listen(self, record: Record) -> None:
        """Count an exchange."""
        if type(record) is not Exchange:
            if type(record) is Event and record.name == "chaos.change":
                self._routes.changed(record)
            return
        waited, sent = record.waited_ns, record.sent
        key = (
            method_label(record.request.method),
            self._routes.of(record.at, record.number),
            0 if sent is None else sent.status,
            record.source,
            record.planned,
            record.applied,
            record.reason and self._reasons.reason(record.reason),
            0 if not record.delay_ns else 1 if waited else 2,
        )
        kind = self._kinds.get(key) or self._learn(record, key)
        kind.ask()
        kind.took((record.t - record.arrived) * 1e-9)
        if waited:
            kind.waited(waited * 1e-9)
        for count in kind.faults:
            count()

    def text(self) -> bytes:
        """The exposition, in Prometheus' text format (`CONTENT_TYPE`)."""
        return generate_latest(_Told(self._registry))

    def _learn(self, exchange: Exchange, key: _Key) -> _Kind:
        labels = (key[0], key[1], status_label(key[2]))
        if len(self._kinds) >= KINDS_MAX:
            labels = (OTHER, OTHER, OTHER)
        kind = _Kind(
            self._requests.labels(*labels).inc,
            self._took.labels(labels[1]).observe,
            self._waited.labels(labels[1]).observe,
            tuple(self._faults(exchange)),
        )
        if len(self._kinds) < KINDS_MAX:
            self._kinds[key] = kind
        return kind

    def _faults(self, exchange: Exchange) -> Iterator[Callable[[], None]]:
        """The counters of an exchange's fault and of its delay, each once."""
        source, reason = exchange.source, self._reasons.reason(exchange.reason or "not_applied")
        if exchange.applied:
            yield self._triggered.labels(exchange.applied, source).inc
        if exchange.planned and exchange.planned != exchange.applied:
            yield self._bypassed.labels(exchange.planned, source, reason).inc
        if exchange.delay_ns:
            if exchange.waited_ns:
                yield self._triggered.labels("latency", source).inc
            else:
                yield self._bypassed.labels("latency", source, reason).inc


class _Told(Collector):
    """A registry without the times at which its counters were made: they are the library's, and say nothing here."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """The families, each without those samples."""
        for family in self._registry.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family
