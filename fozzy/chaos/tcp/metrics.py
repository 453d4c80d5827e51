"""What happened on the TCP proxies of a session, in numbers: the text that Prometheus reads. A listener of the session.

Rule 1: bytes are those of closed connections, which are told, and of open ones, which are looked up when somebody asks.
So a byte costs nothing here. No counter goes back, also while a proxy that was deleted still ends its connections.
Rule 2: labels are bounded: proxies and toxics are told as the plan names them, the first `NAMES_MAX` names of a run.
Rule 3: Toxiproxy's own two counters are there by its names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from fozzy.chaos.labels import REASONS_MAX, Words
from fozzy.chaos.tcp.session import TcpSession
from fozzy.core.events import Record
from fozzy.core.wires import Connected
from fozzy.faults.tcp.plan import STREAMS

NAMES_MAX = 256
BYTES = {"received": "Bytes that came from a sender.", "sent": "Bytes that went on to a receiver."}
ENDS = frozenset(("client", "server", "down", "unreachable", "stopped", "bug"))  # other than by a toxic

Key = tuple[str, str, str]  # what of `BYTES`, the stream, the proxy


class TcpMetrics(Collector):
    """Counters of one session. *Limits*: `NAMES_MAX` names of proxies; later ones are `other`."""

    def __init__(self, session: TcpSession) -> None:
        self._session = session
        self._names = Words(NAMES_MAX)
        self._reasons = Words(REASONS_MAX)
        self._ended: dict[tuple[str, str], int] = defaultdict(int)  # by proxy and by whom
        self._passed: dict[Key, int] = defaultdict(int)  # by connections that ended
        self._told: dict[Key, int] = {}
        self._where: dict[str, tuple[str, str]] = {}  # the addresses a proxy has, or had last

    def listen(self, record: Record) -> None:
        """Count a connection that is over."""
        if type(record) is not Connected:
            return
        self._ended[self._names.bounded(record.at), record.by if record.by in ENDS else "toxic"] += 1
        name = self._names.bounded(record.at)
        for stream, flowed in (("upstream", record.upstream), ("downstream", record.downstream)):
            self._passed["received", stream, name] += flowed.bytes
            self._passed["sent", stream, name] += flowed.sent

    def text(self) -> bytes:
        """The exposition, in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """One family per kind of number."""
        yield from self._connections()
        yield from self._bytes()
        yield from self._toxics()

    def _connections(self) -> Iterator[Metric]:
        ended = CounterMetricFamily("fozzy_tcp_connections", "Connections that ended.", labels=["proxy", "by"])
        for (proxy, by), count in self._ended.items():
            ended.add_metric([proxy, by], count)
        yield ended
        open_now: dict[str, int] = defaultdict(int)
        enabled: dict[str, int] = defaultdict(int)
        for at, point in self._session.engine.points.items():
            name = self._names.bounded(at)
            open_now[name] += len(point.links)
            enabled[name] += point.proxy.enabled
        yield _gauges("fozzy_tcp_connections_open", "Connections that are open.", open_now)
        yield _gauges("fozzy_tcp_enabled", "Whether a proxy is enabled.", enabled)

    def _bytes(self) -> Iterator[Metric]:
        counts = defaultdict(int, self._passed)
        for at, point in self._session.engine.points.items():
            name = self._names.bounded(at)
            self._where[name] = ("", "") if name != at else (point.proxy.listen, point.proxy.upstream)
            for stream in STREAMS:
                counts["received", stream, name] += sum(link.flows[stream].bytes for link in point.links)
                counts["sent", stream, name] += sum(link.flows[stream].sent for link in point.links)
        labels = ["direction", "proxy", "listener", "upstream"]
        families = {
            what: CounterMetricFamily(f"toxiproxy_proxy_{what}_bytes", BYTES[what], labels=labels) for what in BYTES
        }
        for key, count in counts.items():
            self._told[key] = max(count, self._told.get(key, 0))
        for key in self._told:
            families[key[0]].add_metric([*key[1:], *self._where.get(key[2], ("", ""))], self._told[key])
        yield from families.values()

    def _toxics(self) -> Iterator[Metric]:
        """What became of toxics, those that were taken away too."""
        done: dict[tuple[str, ...], int] = defaultdict(int)
        left: dict[tuple[str, ...], int] = defaultdict(int)
        for tally in self._session.engine.tallies():
            source = self._names.bounded(tally.proxy)
            done[tally.type, source] += tally.applied
            for reason, count in tally.reasons.items():
                left[tally.type, source, self._reasons.reason(reason)] += count
        applied = CounterMetricFamily("fozzy_chaos_triggered", "Toxics that were applied.", labels=["action", "source"])
        bypassed = CounterMetricFamily(
            "fozzy_chaos_bypassed", "Toxics that were planned and not applied.", labels=["action", "source", "reason"]
        )
        for family, counts in ((applied, done), (bypassed, left)):
            for labels, count in counts.items():
                family.add_metric(list(labels), count)
            yield family


def _gauges(name: str, said: str, values: dict[str, int]) -> Metric:
    """A number of each proxy."""
    family = GaugeMetricFamily(name, said, labels=["proxy"])
    for proxy, value in values.items():
        family.add_metric([proxy], value)
    return family
