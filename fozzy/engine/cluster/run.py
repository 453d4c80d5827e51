"""One execution of a distributed scenario under way: the cluster, its plan, and names made into machines."""

from __future__ import annotations

import inspect
from copy import deepcopy
from typing import Any, NamedTuple

from fozzy.dsl.cluster.file import DistributedFile
from fozzy.dsl.document import Document
from fozzy.sim.clients import told_value
from fozzy.sim.cluster import Cluster
from fozzy.sim.kernel import Pending, Turned
from fozzy.sim.node import Node
from fozzy.sim.settings import ClusterSetting


class BoundStep(NamedTuple):
    """A step ready to run; `hash` is of the step as written, empty when it holds a secret."""

    at: str
    type: str
    hash: str
    step: Any


class ClusterPlan(NamedTuple):
    """A distributed scenario ready to run any number of times."""

    file: DistributedFile
    setting: ClusterSetting
    steps: tuple[BoundStep, ...]
    workloads: dict[int, str]
    included: dict[str, Document] = {}
    turned: Turned | None = None  # machines that an audit has run in another order
    is_strict: bool = False  # a fault that cannot have struck fails it


class ClusterRun:
    """What steps and invariants act on."""

    def __init__(self, plan: ClusterPlan, cluster: Cluster) -> None:
        self.plan = plan
        self.cluster = cluster
        self.step = 0  # the number of the one that runs

    def node(self, name: str) -> Node:
        """A machine by its name; names are validated."""
        return self.cluster.by_name[name]

    def workload_name(self) -> str:
        """What the workload of the step that runs is called."""
        return self.plan.workloads[self.step]

    def call(self, node: Node, function: str, args: Any) -> Pending:
        """Call a user's function on a machine, as a task of its program."""
        pending = Pending(self.cluster.kernel)

        async def calling() -> Any:
            found, given = self.cluster.user.load(function), deepcopy(args)
            made = found(**given) if isinstance(given, dict) else found(*given)
            return told_value(await made if inspect.isawaitable(made) else made)

        def begin() -> None:
            loop: Any = node.loop
            task = loop.create_task(calling())
            loop.visitors[task] = None
            task.add_done_callback(settle)

        def settle(task: Any) -> None:
            task.get_loop().visitors.pop(task, None)
            error = TimeoutError("it was cancelled") if task.cancelled() else task.exception()
            pending.set(None if error is not None else task.result(), error)

        if not node.is_up or node.loop is None:
            pending.set(error=ConnectionError(f"{node.name} runs no program of yours"))
        else:
            self.cluster.soon(node, begin)
        return pending
