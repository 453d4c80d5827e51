"""How a session of TCP proxies stands: its proxies, their connections and bytes, what became of each toxic."""

from __future__ import annotations

import msgspec

from fozzy.chaos.tcp.session import TcpSession
from fozzy.faults.tcp.armed import Tally
from fozzy.faults.tcp.engine import Point
from fozzy.faults.tcp.gone import by_toxic
from fozzy.faults.tcp.plan import Protocol
from fozzy.version import VERSION


class ProxyStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A proxy. `mode` is how it listens now; `connections` are all it has had, `open` those it has."""

    name: str
    listen: str
    upstream: str
    enabled: bool
    mode: str
    protocol: Protocol
    connections: int
    open: int
    toxics: list[str]


class TcpStatus(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Times are nanoseconds since the start; `decisions` are connections, messages and changes so far."""

    version: str
    door: str
    seed: int
    now_ns: int
    decisions: int
    proxies: list[ProxyStatus]
    toxics: list[Tally]
    journal_entries: int


def status_of(session: TcpSession, journal_entries: int) -> TcpStatus:
    """How it stands now."""
    engine, now_ns = session.engine, session.now_ns()
    return TcpStatus(
        version=VERSION,
        door="tcp",
        seed=engine.seed,
        now_ns=now_ns,
        decisions=engine.number,
        proxies=[_proxy(point, engine.gate(name, now_ns).mode) for name, point in engine.points.items()],
        toxics=by_toxic(engine.tallies()),
        journal_entries=journal_entries,
    )


def _proxy(point: Point, mode: str) -> ProxyStatus:
    proxy = point.proxy
    return ProxyStatus(
        name=proxy.name,
        listen=proxy.listen,
        upstream=proxy.upstream,
        enabled=proxy.enabled,
        mode=mode,
        protocol=proxy.protocol,
        connections=point.connections,
        open=len(point.links),
        toxics=[toxic.called for toxic in proxy.toxics],
    )
