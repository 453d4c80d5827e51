"""What a scenario file holds: one of three forms. The types are the format; the schema is generated from them."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from fozzy.dsl.cluster.base import about, check_modules, check_positive, check_target
from fozzy.dsl.cluster.faults import Faults
from fozzy.dsl.cluster.network import Network
from fozzy.dsl.cluster.nodes import NODES_MAX, Node, NodeName, Runs
from fozzy.dsl.steps import Steps
from fozzy.dsl.steps.base import END, FixedDuration, Issue, Name
from fozzy.dsl.steps.cluster import ClusterSteps, Invariants
from fozzy.wall import SEED_BITS

SEED_MAX = (1 << SEED_BITS) - 1
SEEDS_MAX = 1_000_000  # executions of one file in one `fozzy test`

Seed = Annotated[int, Meta(ge=0, le=SEED_MAX)]
EnvName = Annotated[str, Meta(pattern=rf"^[A-Za-z_][A-Za-z0-9_]*{END}")]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what a file is made of."""


class Expect(Part, frozen=True, kw_only=True):
    """How the scenario is meant to end; it passes under `test` exactly when it ends so."""

    status: Literal["fail", "timeout", "crash"]
    title: str | None = None
    at: str | None = None


class BackendChoice(Part, frozen=True, kw_only=True):
    """Who answers, where the scenario insists; flags on the command line win."""

    proc: Literal["scripted", "host"] | None = None
    fs: Literal["virtual", "host"] | None = None
    http: Literal["scripted", "host"] | None = None


class RunLimits(Part, frozen=True, kw_only=True):
    """Bounds of one run; what is left out is as in the config."""

    call_ms_max: Annotated[int, Meta(ge=1)] | None = None
    output_bytes_max: Annotated[int, Meta(ge=1)] | None = None
    body_bytes_max: Annotated[int, Meta(ge=1)] | None = None
    file_bytes_max: Annotated[int, Meta(ge=1)] | None = None
    code_bytes_max: Annotated[int, Meta(ge=1)] | None = None
    process_bytes_max: Annotated[int, Meta(ge=0)] | None = None
    stop_grace_ms: Annotated[int, Meta(ge=0)] | None = None
    kill_grace_ms: Annotated[int, Meta(ge=0)] | None = None


class FileHead(Part, frozen=True, kw_only=True):
    """What every file says of itself."""

    schema_: str | None = msgspec.field(name="$schema", default=None)
    version: Literal[1]
    name: Name
    description: str = ""


class ScenarioHead(FileHead, frozen=True, kw_only=True):
    """What a file that can be run says of its run."""

    tags: list[Name] = []
    seed: Seed | None = None
    timeout: FixedDuration | None = None


class StepsFile(ScenarioHead, frozen=True, kw_only=True):
    """A scenario of steps, run one after the other."""

    backends: BackendChoice = BackendChoice()
    limits: RunLimits = RunLimits()
    http_base_url: str = ""
    vars: dict[str, Any] = {}
    matrix: dict[Name, Annotated[list[Any], Meta(min_length=1)]] = {}
    env: list[EnvName] = []
    expect: Expect | None = None
    setup: Steps | None = None
    steps: Steps
    teardown: Steps | None = None


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


class SuiteFile(FileHead, frozen=True, kw_only=True):
    """Named lists of scenario files or globs, relative to this file."""

    suites: Annotated[dict[str, Annotated[list[Name], Meta(min_length=1)]], Meta(min_length=1)]


Runnable = StepsFile | DistributedFile
File = StepsFile | DistributedFile | SuiteFile

FORMS: dict[str, type[StepsFile] | type[DistributedFile] | type[SuiteFile]] = {
    "steps": StepsFile,
    "distributed": DistributedFile,
    "suites": SuiteFile,
}


def form_of(raw: dict[str, Any]) -> type[StepsFile] | type[DistributedFile] | type[SuiteFile]:
    """Which of the forms a document has; a document with none is held to be steps."""
    for key, form in FORMS.items():
        if key in raw:
            return form
    return StepsFile
