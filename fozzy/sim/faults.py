"""Faults of a cluster: what goes wrong by itself, when, and for how long, all of it drawn.

To add a kind: a function below that makes it strike and returns how it ends, its name in `STRIKES` and in
`settings.FaultKind`, and how files spell it in `dsl/cluster/faults`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fozzy.sim.network import TICK_NS
from fozzy.sim.settings import FaultSetting, Moment

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.network import Link
    from fozzy.sim.node import Node

End = Callable[[], None]
RESTART_NS = 100 * 10**6  # how long a `restart` leaves a machine without power, unless it says so


class Faults:
    """Plans every fault of a cluster at its start; draws its times, and whom it strikes, as it is planned."""

    def __init__(self, cluster: Cluster, faults: Sequence[FaultSetting]) -> None:
        self._cluster = cluster
        self._by_step: dict[int, list[tuple[int, FaultSetting]]] = {}
        self._fixed: dict[int, FaultSetting] = {}  # whose time is not drawn, and which did not strike yet
        for index, fault in enumerate(faults):
            self._plan(index, fault)

    def before_step(self, number: int) -> None:
        """A step is about to run: what was drawn to strike before it does."""
        for index, fault in self._by_step.pop(number, []):
            self._strike(index, fault)

    def idle(self) -> list[tuple[int, FaultSetting]]:
        """Faults that had a time of their own, not a drawn one, and did not strike by now, by their index."""
        return list(self._fixed.items())

    def _plan(self, index: int, fault: FaultSetting) -> None:
        self._cluster.kernel.choices.span = f"distributed.faults[{index}]"
        when = self._drawn(fault, "at", fault.at)
        if fault.at.by == "step":
            self._by_step.setdefault(when, []).append((index, fault))
            return
        if fault.at.low == fault.at.high:
            self._fixed[index] = fault
        self._cluster.kernel.later(when, lambda _arg: self._strike(index, fault))

    def _strike(self, index: int, fault: FaultSetting) -> None:
        cluster, span = self._cluster, f"distributed.faults[{index}]"
        cluster.kernel.choices.span = span
        self._fixed.pop(index, None)
        node = self._node(fault)
        lasts = self._lasts(fault)
        what = {"node": node.name} if node is not None else _about(fault)
        cluster.kernel.event("fault.strike", name=fault.name, kind=fault.kind, **what)
        end = STRIKES[fault.kind](cluster, fault, node)
        if lasts is not None and end is not None:
            stop = end
            cluster.kernel.later(lasts, lambda _arg: self._end(span, fault, stop))

    def _end(self, span: str, fault: FaultSetting, end: End) -> None:
        self._cluster.kernel.choices.span = span
        self._cluster.kernel.event("fault.end", name=fault.name, kind=fault.kind)
        end()

    def _lasts(self, fault: FaultSetting) -> int | None:
        if fault.lasts is None:
            return RESTART_NS if fault.kind == "restart" else None
        return self._drawn(fault, "for", fault.lasts)

    def _node(self, fault: FaultSetting) -> Node | None:
        if not fault.nodes:
            return None
        count = len(fault.nodes)
        picked = self._cluster.kernel.choices.pick(f"fault.{fault.name}.pick", count) if count > 1 else 0
        return self._cluster.by_name[fault.nodes[picked]]

    def _drawn(self, fault: FaultSetting, what: str, moment: Moment) -> int:
        """A step or a time; times are drawn in microseconds."""
        unit = 1 if moment.by == "step" else TICK_NS
        high = (moment.high - moment.low) // unit
        if not high:
            return moment.low
        return moment.low + unit * self._cluster.kernel.choices.draw(f"fault.{fault.name}.{what}", 0, high)


def _about(fault: FaultSetting) -> dict[str, Any]:
    if fault.kind == "partition":
        return {"between": [list(side) for side in fault.between], **({"oneway": True} if fault.oneway else {})}
    how: dict[str, Any] = {"rate": fault.rate} if fault.kind == "loss" else {"add_ns": fault.add_ns}
    return {"from": fault.from_node or "any", "to": fault.to_node or "any", **how}


def _partition(cluster: Cluster, fault: FaultSetting, node: Node | None) -> End:
    one, other = ([cluster.by_name[name] for name in side] for side in fault.between)
    return cluster.cut(one, other, oneway=fault.oneway)


def _crash(cluster: Cluster, fault: FaultSetting, node: Node | None) -> End:
    assert node is not None
    cluster.crash(node)
    return lambda: None if node.is_up else cluster.restart(node)


def _pause(cluster: Cluster, fault: FaultSetting, node: Node | None) -> End:
    assert node is not None
    cluster.pause(node)
    return lambda: cluster.resume(node)


def _links(cluster: Cluster, fault: FaultSetting) -> list[Link]:
    sources = [cluster.by_name[fault.from_node]] if fault.from_node else cluster.nodes
    targets = [cluster.by_name[fault.to_node]] if fault.to_node else cluster.nodes
    return [cluster.network.link(a, b) for a in sources for b in targets if a is not b]


def _latency(cluster: Cluster, fault: FaultSetting, node: Node | None) -> End:
    links = _links(cluster, fault)

    def add(extra_ns: int) -> None:
        for link in links:
            link.extra_ns += extra_ns

    add(fault.add_ns)
    return lambda: add(-fault.add_ns)


def _loss(cluster: Cluster, fault: FaultSetting, node: Node | None) -> End:
    links = _links(cluster, fault) if fault.rate else []
    for link in links:
        link.extra_losses.append(fault.rate)

    def end() -> None:
        for link in links:
            link.extra_losses.remove(fault.rate)

    return end


STRIKES: dict[str, Callable[[Cluster, FaultSetting, Any], End | None]] = {
    "partition": _partition,
    "crash": _crash,
    "restart": _crash,
    "pause": _pause,
    "latency": _latency,
    "loss": _loss,
}
