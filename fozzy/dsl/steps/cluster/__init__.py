"""Steps and invariants of distributed scenarios. This module is the one list of them.

To add one: write a class in its family's module (fields that say what they mean, a one-sentence docstring, `check`), add
it to a union below, and its behaviour in fozzy/engine/cluster/. Schema and reference are generated: `make generate`.
"""

from typing import Any, get_args

from fozzy.dsl.steps.cluster.base import ClusterStep, Invariant
from fozzy.dsl.steps.cluster.clients import Client, ClientGetAssert, ClientPut, ExpectConverged, NodeCall
from fozzy.dsl.steps.cluster.invariants import (
    Always,
    Eventually,
    KvAllEqual,
    KvNodeEquals,
    KvPresentOnAll,
    NoDeadlock,
    NoException,
)
from fozzy.dsl.steps.cluster.links import Heal, HealAll, Partition
from fozzy.dsl.steps.cluster.machines import Crash, Pause, Restart, Resume, Tick
from fozzy.dsl.steps.cluster.workload import ClientOperation, Workload

ClusterSteps = (
    ClientPut
    | ClientGetAssert
    | Client
    | Workload
    | ExpectConverged
    | NodeCall
    | Partition
    | Heal
    | HealAll
    | Crash
    | Restart
    | Pause
    | Resume
    | Tick
)
Invariants = KvAllEqual | KvPresentOnAll | KvNodeEquals | Always | Eventually | NoException | NoDeadlock


def by_tag(union: Any) -> dict[str, type[Any]]:
    """The alternatives of a union by what their tag says, in the order of the list."""
    return {str(kind.__struct_config__.tag): kind for kind in get_args(union)}


__all__ = [
    "Always",
    "Client",
    "ClientGetAssert",
    "ClientOperation",
    "ClientPut",
    "ClusterStep",
    "ClusterSteps",
    "Crash",
    "Eventually",
    "ExpectConverged",
    "Heal",
    "HealAll",
    "Invariant",
    "Invariants",
    "KvAllEqual",
    "KvNodeEquals",
    "KvPresentOnAll",
    "NoDeadlock",
    "NoException",
    "Partition",
    "NodeCall",
    "Pause",
    "Restart",
    "Resume",
    "Tick",
    "Workload",
    "by_tag",
]
