"""Makes the network of a cluster plain: nothing is lost, doubled or overtaken, and all links take the same time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fozzy.core.duration import parse_ns
from fozzy.search.shrink.cut import drop_most
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.passes.moments import shorten, shown

PLAIN = {"latency": "1ms"}  # the least of a link that says nothing


def still_network(gate: Gate) -> None:
    """Take away what is drawn of messages, and what is said of links."""
    if not gate.best.script.is_cluster or _network(gate) == PLAIN or _consider(gate, PLAIN):
        return
    network = _network(gate)
    if network.get("links"):
        drop_most(list(range(len(network["links"]))), lambda some: _without_links(gate, network, some))
    drop_most(
        [name for name in _network(gate) if name not in ("links", "latency")], lambda names: _without(gate, names)
    )
    for latency in _latencies(_network(gate).get("latency")):
        if _consider(gate, {**_network(gate), "latency": latency}):
            break
    fixed = _network(gate).get("latency")
    if isinstance(fixed, str):
        shorten(
            fixed,
            lambda text: (
                parse_ns(text) >= parse_ns(PLAIN["latency"]) and _consider(gate, {**_network(gate), "latency": text})
            ),
        )


def _latencies(latency: Any) -> Iterator[str]:
    """Fixed times in the place of one that is drawn, plain ones first."""
    yield "1ms"
    if isinstance(latency, dict):
        yield shown(_least(latency))


def _least(latency: dict[str, Any]) -> int:
    """The least time that a drawn one can be, the mean of one that may be nothing."""
    value = next(iter(latency.values()))
    return parse_ns(value if isinstance(value, str) else value[0])


def _network(gate: Gate) -> dict[str, Any]:
    return dict(gate.best.script.cluster.get("network", {}))


def _consider(gate: Gate, network: dict[str, Any]) -> bool:
    cluster = {name: value for name, value in gate.best.script.cluster.items() if name != "network"}
    if network:
        cluster["network"] = network
    return gate.with_script(gate.best.script.with_cluster(cluster))


def _without(gate: Gate, names: Any) -> bool:
    return _consider(gate, {name: value for name, value in _network(gate).items() if name not in names})


def _without_links(gate: Gate, first: dict[str, Any], gone: Any) -> bool:
    links = [link for link in _network(gate)["links"] if link not in [first["links"][index] for index in gone]]
    network = {**_network(gate), "links": links}
    if not links:
        del network["links"]
    return _consider(gate, network)
