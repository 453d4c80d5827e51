"""Faults one can ask for by name: each preset is a function from a cluster to its list of faults.

To add one: a function here with a one-sentence docstring, and its name in `PRESETS`.
"""

from __future__ import annotations

from collections.abc import Callable

from fozzy.dsl.cluster.faults import CrashFault, Faults, PartitionFault, RestartFault
from fozzy.dsl.cluster.file import Cluster
from fozzy.dsl.cluster.moments import Drawn, When
from fozzy.dsl.cluster.settings import node_names
from fozzy.errors import UsageError, suggestion

SOON = ["1ms", "100ms"]  # how long a fault lasts between steps: about what a few messages take
LATE = ["100ms", "10s"]  # and while programs run by themselves
STRIKES = ["0s", "10s"]


def preset(name: str, cluster: Cluster) -> list[Faults]:
    """The faults of a preset in a valid cluster.

    *Errors*: `UsageError` when there is no such preset, or the cluster has too few nodes for it.
    """
    make = PRESETS.get(name)
    if make is None:
        hint = suggestion(name, PRESETS) or f"one of {', '.join(PRESETS)}"
        raise UsageError("usage.unknown_preset", f'there are no faults called "{name}"', hint=hint)
    needed = 2 if name in NEED_TWO else 1
    if len(node_names(cluster)) < needed:
        message = f'"{name}" needs two nodes to cut apart, and this cluster has one'
        raise UsageError("usage.preset_needs_nodes", message, hint="add a node, or take crash-first")
    return make(cluster)


def none(cluster: Cluster) -> list[Faults]:
    """No faults but those of the file."""
    return []


def partition_first_two(cluster: Cluster) -> list[Faults]:
    """Cuts the first two nodes apart, for good."""
    return [_cut(cluster, None)]


def heal_first_two(cluster: Cluster) -> list[Faults]:
    """Cuts the first two nodes apart and mends the link after a drawn time."""
    return [_cut(cluster, _lasts(cluster))]


def crash_first(cluster: Cluster) -> list[Faults]:
    """Crashes the first node, for good."""
    return [CrashFault(at=_strikes(cluster), node=node_names(cluster)[0])]


def restart_first(cluster: Cluster) -> list[Faults]:
    """Crashes the first node and starts it again after a drawn time."""
    return [RestartFault(at=_strikes(cluster), node=node_names(cluster)[0], for_=_lasts(cluster))]


PRESETS: dict[str, Callable[[Cluster], list[Faults]]] = {
    "none": none,
    "partition-first-two": partition_first_two,
    "heal-first-two": heal_first_two,
    "crash-first": crash_first,
    "restart-first": restart_first,
}
NEED_TWO = ("partition-first-two", "heal-first-two")


def _cut(cluster: Cluster, lasts: Drawn | None) -> PartitionFault:
    first, second = node_names(cluster)[:2]
    return PartitionFault(at=_strikes(cluster), between=[[first], [second]], for_=lasts)


def _strikes(cluster: Cluster) -> When:
    """Before a drawn step; where there are none, at a drawn time."""
    return When(step=[0, len(cluster.steps) - 1]) if cluster.steps else When(within=STRIKES)


def _lasts(cluster: Cluster) -> Drawn:
    return Drawn(within=SOON if cluster.steps else LATE)
