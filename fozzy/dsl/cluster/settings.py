"""From a valid distributed file to what the simulator reads: names made, durations in nanoseconds, defaults filled in."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fozzy.core.duration import parse_ns
from fozzy.dsl.cluster.faults import (
    CrashFault,
    Faults,
    LatencyFault,
    LossFault,
    PartitionFault,
    fault_names,
    unique_names,
)
from fozzy.dsl.cluster.file import Cluster, DistributedFile
from fozzy.dsl.cluster.moments import moment_of
from fozzy.dsl.cluster.network import link_setting
from fozzy.dsl.cluster.nodes import Runs
from fozzy.dsl.steps.cluster import Workload
from fozzy.sim.settings import (
    DURATION_NS,
    PORT,
    ClusterSetting,
    FaultKind,
    FaultSetting,
    LinkSetting,
    NodeKind,
    NodeSetting,
)


def settings_of(file: DistributedFile) -> ClusterSetting:
    """The cluster of a valid file."""
    cluster = file.distributed
    link = link_setting(cluster.network, LinkSetting())
    duration = cluster.duration or file.timeout
    return ClusterSetting(
        nodes=tuple(_nodes(cluster)),
        link=link,
        links={(each.from_, each.to): link_setting(each, link) for each in cluster.network.links},
        faults=tuple(fault_settings(cluster.faults)),
        client=cluster.client or "",
        duration_ns=DURATION_NS if duration is None else parse_ns(duration),
        schedule_intra=cluster.schedule_intra,
        share=tuple(cluster.share),
    )


def node_names(cluster: Cluster) -> list[str]:
    """The names of a valid cluster's nodes, in order."""
    if cluster.nodes is not None:
        return list(cluster.nodes)
    return [f"n{index}" for index in range(cluster.node_count or 0)]


def fault_settings(faults: list[Faults]) -> list[FaultSetting]:
    """Valid faults, each under a name of its own."""
    return [_fault(fault, name) for fault, name in zip(faults, fault_names(faults), strict=True)]


def workload_names(cluster: Cluster) -> dict[int, str]:
    """What each workload of a valid cluster is called, by the number of its step."""
    steps = {index: step for index, step in enumerate(cluster.steps or []) if isinstance(step, Workload)}
    names = unique_names([(step.name, "workload") for step in steps.values()])
    return dict(zip(steps, names, strict=True))


def _nodes(cluster: Cluster) -> list[NodeSetting]:
    table = cluster.nodes if isinstance(cluster.nodes, dict) else {}
    return [_node(name, table.get(name, cluster), cluster) for name in node_names(cluster)]


def _node(name: str, own: Runs, shared: Runs) -> NodeSetting:
    """One node: what it says itself, else what the cluster says, else the usual."""
    kind, target = _program(own) or _program(shared) or ("builtin", "kv")
    port = own.port if own.port is not None else shared.port
    args: Any = own.args if own.args is not None else shared.args
    return NodeSetting(
        name=name,
        kind=kind,
        target=target,
        port=PORT if port is None else port,
        args={} if args is None else args,
    )


def _program(runs: Runs) -> tuple[NodeKind, str] | None:
    if runs.program is not None:
        return "program", runs.program
    if runs.asgi is not None:
        return "asgi", runs.asgi
    return None if runs.builtin is None else ("builtin", runs.builtin)


def _fault(fault: Faults, name: str) -> FaultSetting:
    lasts = None if isinstance(fault, CrashFault) or fault.for_ is None else moment_of(fault.for_)
    setting = FaultSetting(name=name, kind=_kind(fault), at=moment_of(fault.at), lasts=lasts)
    return replace(setting, **_own_fields(fault))


def _own_fields(fault: Faults) -> dict[str, Any]:
    """What only faults of this kind have."""
    if isinstance(fault, PartitionFault):
        return {"between": tuple(map(tuple, fault.between)), "oneway": fault.oneway}
    if isinstance(fault, LatencyFault):
        return {**_link(fault), "add_ns": parse_ns(fault.add)}
    if isinstance(fault, LossFault):
        return {**_link(fault), "rate": fault.rate}
    return {"nodes": (fault.node,) if isinstance(fault.node, str) else tuple(fault.node.any)}


def _link(fault: LatencyFault | LossFault) -> dict[str, Any]:
    return {"from_node": fault.from_ or "", "to_node": fault.to or ""}


def _kind(fault: Faults) -> FaultKind:
    kind: FaultKind = fault.__struct_config__.tag  # type: ignore[assignment]  # the tags are these
    return kind
