"""Makes the verdict from records: of a trace, or of proxies that still run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.core.wires import Connected, Spoken
from fozzy.insight.verdict import exchanges, wires
from fozzy.insight.verdict.breakers import changes_of
from fozzy.insight.verdict.connections import Connection, connections
from fozzy.insight.verdict.events import CHANGE
from fozzy.insight.verdict.faults import fired_of, recoveries_of
from fozzy.insight.verdict.model import Call, Client, Fired, Leak, Verdict
from fozzy.insight.verdict.operations import operations_of
from fozzy.insight.verdict.sequels import cuts_of, doubts_of, waits_of

HTTP = "http"  # what an HTTP proxy is called, whose records do not say


def verdict_of(
    records: Sequence[Record],
    *,
    protocols: Mapping[str, str] | None = None,
    standing: Sequence[Connected] = (),
    fired: Sequence[Fired] = (),
    now_ns: int | None = None,
) -> Verdict:
    """What the clients of all proxies did. The records of several proxies are one after the other, on one clock.

    `protocols` says what each proxy speaks, else it is told by its plan or its messages. `standing` are connections that
    are open; `fired` is what proxies counted themselves.
    """
    now = max((record.t for record in records), default=0) if now_ns is None else now_ns
    known = {**_protocols(records), **(protocols or {})}
    links = connections(records, standing)
    happened = fired_of(records, fired, HTTP)
    found = [_client(at, known, links, now) for at in dict.fromkeys([*known, *(link.at for link in links)])]
    asked = [record for record in records if isinstance(record, Exchange)]
    if asked:
        found.append(_judged(Client(at=HTTP, protocol="http", connections=0, calls=exchanges.calls_of(asked, HTTP))))
    clients = [_with_recoveries(client, records, happened) for client in sorted(found, key=lambda client: client.at)]
    calls = sorted((call for client in clients for call in client.calls), key=lambda call: (call.began_ns, call.number))
    return Verdict(now_ns=now, clients=clients, breakers=changes_of(records, calls), fired=happened)


def _client(at: str, protocols: Mapping[str, str], links: Sequence[Connection], now_ns: int) -> Client:
    own = [link for link in links if link.at == at]
    protocol = protocols.get(at, "raw")
    every = [call for link in own for call in wires.calls_of(link, protocol, now_ns)]
    every.sort(key=lambda call: call.number)
    return _judged(
        Client(
            at=at,
            protocol=protocol,
            connections=len(own),
            calls=[call for call in every if not call.setup],
            setup=[call for call in every if call.setup],
            leaks=[_leak(link) for link in own if not link.is_over],
        )
    )


def _judged(client: Client) -> Client:
    calls: list[Call] = client.calls
    return replace(
        client,
        operations=operations_of(calls),
        doubts=doubts_of(calls),
        waits=waits_of(calls),
        cuts=cuts_of(calls),
    )


def _with_recoveries(client: Client, records: Sequence[Record], fired: Sequence[Fired]) -> Client:
    return replace(client, recoveries=recoveries_of(records, client.calls, fired, client.at))


def _leak(link: Connection) -> Leak:
    times = [message.t for message in link.requests]
    return Leak(
        at=link.at,
        connection=link.ordinal,
        opened_ns=link.arrived_ns,
        idle_since_ns=max(times, default=link.arrived_ns),
        requests=len(link.requests),
    )


def _protocols(records: Sequence[Record]) -> dict[str, str]:
    """What proxies speak, by the plans that were put in force, else by what a message looks like."""
    found: dict[str, str] = {}
    for record in records:
        if isinstance(record, Event) and record.name == CHANGE:
            for proxy in record.fields.get("plan", {}).get("proxies", []):
                found[proxy["name"]] = proxy.get("protocol", "raw")
        elif isinstance(record, Spoken) and record.of != "opaque":
            found.setdefault(record.at, _protocol_of(record))
    return found


def _protocol_of(message: Spoken) -> str:
    if message.of == "turn":
        return "raw"
    if message.body is not None:
        return "http"
    return "postgres" if message.state in ("startup", "encryption") else "redis"
