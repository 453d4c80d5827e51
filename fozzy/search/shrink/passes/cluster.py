"""Leaves out what a cluster says of itself and does not need, and what its faults say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from fozzy.search.shrink.cut import drop_most
from fozzy.search.shrink.gate import Gate

# `network` has a pass of its own; what programs are given is theirs: with other settings it would be another bug.
KEPT = ("nodes", "node_count", "program", "asgi", "builtin", "args", "port", "network")
FAULT_KEPT = ("kind", "at", "node", "between", "rate")


def trim_cluster(gate: Gate) -> None:
    """Leave out members of the cluster."""
    if not gate.best.script.is_cluster:
        return
    drop_most([name for name in gate.best.script.cluster if name not in KEPT], lambda names: _without(gate, names))


def _with(gate: Gate, name: str, value: Any) -> bool:
    return gate.with_script(gate.best.script.with_cluster({**gate.best.script.cluster, name: value}))


def _without(gate: Gate, names: Collection[str]) -> bool:
    cluster = {name: value for name, value in gate.best.script.cluster.items() if name not in names}
    return gate.with_script(gate.best.script.with_cluster(cluster))


def trim_faults(gate: Gate) -> None:
    """Leave out what faults of a cluster need not say, and nodes of the groups they part."""
    for node in list(gate.best.script.nodes()):
        if node.is_fault and gate.best.script.is_cluster and not gate.is_kept(node.origin):
            _trim_fault(gate, node.origin)


def _trim_fault(gate: Gate, origin: str) -> None:
    def fields() -> dict[str, Any]:
        found = next(node for node in gate.best.script.nodes() if node.origin == origin)
        return dict(found.fields)

    def consider(made: dict[str, Any]) -> bool:
        node = next(node for node in gate.best.script.nodes() if node.origin == origin)
        return gate.with_script(gate.best.script.replace(origin, (node._replace(fields=made),)))

    drop_most(
        [name for name in fields() if name not in FAULT_KEPT],
        lambda names: consider({name: value for name, value in fields().items() if name not in names}),
    )
    for side in (0, 1) if "between" in fields() else ():
        _smaller_group(fields, consider, side)


def _smaller_group(fields: Callable[[], dict[str, Any]], consider: Callable[[dict[str, Any]], bool], side: int) -> None:
    def drop(some: Sequence[str]) -> bool:
        groups = list(fields()["between"])
        groups[side] = [name for name in groups[side] if name not in some]
        return bool(groups[side]) and consider({**fields(), "between": groups})

    drop_most(list(fields()["between"][side]), drop)
