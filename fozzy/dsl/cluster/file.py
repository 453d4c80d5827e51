"""DistributedFile: a scenario file with the key `distributed`, and the cluster it describes."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta

from fozzy.dsl.cluster.base import about, check_modules, check_positive, check_target
from fozzy.dsl.cluster.faults import Faults
from fozzy.dsl.cluster.network import Network
from fozzy.dsl.cluster.nodes import NODES_MAX, Node, NodeName, Runs
from fozzy.dsl.scenario import Expect, RunLimits, ScenarioHead
from fozzy.dsl.steps.base import FixedDuration, Issue, Name
from fozzy.dsl.steps.cluster import ClusterSteps, Invariants

SEEDS_MAX = 1_000_000  # executions of one file in one `fozzy test`


class Cluster(Runs, frozen=True, kw_only=True):
    """A cluster, what happens to it, and what must hold."""

    leads: ClassVar[tuple[str, ...]] = ("nodes", "node_count")
    nodes: Annotated[
        Annotated[list[NodeName], Meta(min_length=1, max_length=NODES_MAX)]
        | Annotated[dict[NodeName, Node], Meta(min_length=1, max_length=NODES_MAX)]
        | None,
        about("The names of the nodes, or a table from each name to what runs there."),
    ] = None
    node_count: Annotated[
        Annotated[int, Meta(ge=1, le=NODES_MAX)] | None, about("How many nodes there are: n0, n1, and so on.")
    ] = None
    client: Annotated[
        Name | None, about("A class of yours, module:Class; its async methods are the operations of clients.")
    ] = None
    seeds: Annotated[
        int, Meta(ge=1, le=SEEDS_MAX, description="How often fozzy test executes it, each time differently.")
    ] = 1
    duration: Annotated[
        FixedDuration | None, about("The virtual time at which it ends at the latest; 60s unless given.")
    ] = None
    schedule_intra: Annotated[
        bool, about("Whether the tasks within a node may run in another order than asyncio's own.")
    ] = False
    share: Annotated[
        list[Name], about("Modules of yours that all nodes see as one; each node has its own copy of the others.")
    ] = []
    network: Annotated[Network, about("What the links between the nodes are like.")] = Network()
    faults: Annotated[list[Faults], about("What goes wrong by itself.")] = []
    steps: Annotated[
        Annotated[list[ClusterSteps], Meta(min_length=1)] | None,
        about("What happens, one after the other; may be left out where a program or asgi runs."),
    ] = None
    invariants: Annotated[list[Invariants], about("What must hold.")] = []

    def check(self) -> Iterator[Issue]:
        yield from check_target("client", self.client, "a class")
        yield from check_modules("share", self.share)
        yield from check_positive("duration", self.duration)
        yield from super().check()


class DistributedFile(ScenarioHead, frozen=True, kw_only=True):
    """A scenario that happens to a cluster of nodes; `timeout` is another word for its `duration`."""

    limits: RunLimits = RunLimits()
    expect: Expect | None = None
    distributed: Cluster
