"""Faults of a cluster: what goes wrong by itself, when, and for how long.

To add a kind: a class here with its fields and `check`, the union below, and its setting in `settings.py`.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from fozzy.dsl.cluster.base import ClusterPart, about
from fozzy.dsl.cluster.moments import Time, When
from fozzy.dsl.cluster.network import Probability
from fozzy.dsl.cluster.nodes import NODES_MAX, NodeChoice, NodeName
from fozzy.dsl.steps.base import FixedDuration, Issue, Name

Group = Annotated[list[NodeName], Meta(min_length=1, max_length=NODES_MAX)]
_NODE = about("The node it strikes, or the nodes of which one is drawn.")
_LASTS = about("How long it lasts; for good unless given.")


class ClusterFault(ClusterPart, frozen=True, kw_only=True, tag_field="kind"):
    """Something that goes wrong in a cluster."""

    noun: ClassVar[str] = "fault"
    nodes: ClassVar[tuple[str, ...]] = ("node",)  # fields that name nodes
    name: Annotated[Name | None, about("What it is called in the story; its kind unless given.")] = None
    at: Annotated[FixedDuration | When, about("When it strikes: a time from the start, or drawn.")]


class PartitionFault(ClusterFault, frozen=True, kw_only=True, tag="partition"):
    """Cuts two groups of nodes apart; what is sent between them is held until it ends."""

    leads: ClassVar[tuple[str, ...]] = ("name", "between", "oneway")
    nodes: ClassVar[tuple[str, ...]] = ("between",)
    between: Annotated[list[Group], Meta(min_length=2, max_length=2, description="The two groups.")]
    oneway: Annotated[bool, about("Whether only what goes from the first group to the second is held.")] = False
    for_: Annotated[Time | None, _LASTS] = msgspec.field(name="for", default=None)

    def check(self) -> Iterator[Issue]:
        seen: set[str] = set()
        for part, group in enumerate(self.between):
            for index, name in enumerate(group):
                if name in seen:
                    yield Issue(("between", part, index), f'node "{name}" is named twice', "the groups share no node")
                seen.add(name)


class CrashFault(ClusterFault, frozen=True, kw_only=True, tag="crash"):
    """A node loses power and stays down."""

    leads: ClassVar[tuple[str, ...]] = ("name", "node")
    node: Annotated[NodeChoice, _NODE]


class RestartFault(ClusterFault, frozen=True, kw_only=True, tag="restart"):
    """A node loses power and starts again."""

    leads: ClassVar[tuple[str, ...]] = ("name", "node")
    node: Annotated[NodeChoice, _NODE]
    for_: Annotated[Time, about("How long it is down.")] = msgspec.field(name="for", default="100ms")


class PauseFault(ClusterFault, frozen=True, kw_only=True, tag="pause"):
    """A node stops for a while, as in a long garbage collection; it loses nothing."""

    leads: ClassVar[tuple[str, ...]] = ("name", "node")
    node: Annotated[NodeChoice, _NODE]
    for_: Annotated[Time | None, _LASTS] = msgspec.field(name="for", default=None)


class _LinkFault(ClusterFault, frozen=True, kw_only=True):
    """A fault of links."""

    nodes: ClassVar[tuple[str, ...]] = ("from", "to")
    from_: Annotated[NodeName | None, about("What this node sends; every node unless given.")] = msgspec.field(
        name="from", default=None
    )
    to: Annotated[NodeName | None, about("What this node receives; every node unless given.")] = None

    def check(self) -> Iterator[Issue]:
        if self.from_ is not None and self.from_ == self.to:
            yield Issue(("to",), f'"{self.to}" has no link to itself')


class LatencyFault(_LinkFault, frozen=True, kw_only=True, tag="latency"):
    """Messages take longer."""

    leads: ClassVar[tuple[str, ...]] = ("name", "from", "to", "add")
    add: Annotated[FixedDuration, about("How much longer.")] = "50ms"
    for_: Annotated[Time | None, _LASTS] = msgspec.field(name="for", default=None)


class LossFault(_LinkFault, frozen=True, kw_only=True, tag="loss"):
    """Messages are lost more often."""

    leads: ClassVar[tuple[str, ...]] = ("name", "from", "to", "rate")
    rate: Annotated[Probability, about("How often, in place of what the link says.")]
    for_: Annotated[Time | None, _LASTS] = msgspec.field(name="for", default=None)


Faults = PartitionFault | CrashFault | RestartFault | PauseFault | LatencyFault | LossFault


def fault_names(faults: list[Faults]) -> list[str]:
    """What each fault is called: its own name, else its kind, with a number where that is taken."""
    return unique_names([(fault.name, str(fault.__struct_config__.tag)) for fault in faults])


def joined(faults: list[Faults], more: list[Faults]) -> list[Faults]:
    """Faults of a file and more of them: those added lose a name that is taken, and are called by their kind."""
    taken = {fault.name for fault in faults}
    return [*faults, *(replace(fault, name=None) if fault.name in taken else fault for fault in more)]


def unique_names(given: list[tuple[str | None, str]]) -> list[str]:
    """Names of things by their own name and what they are called without one: `crash`, `crash2`, `crash3`."""
    taken = {name for name, _ in given if name is not None}
    made: list[str] = []
    for name, usual in given:
        number = 1
        while name is None:
            tried = usual if number == 1 else f"{usual}{number}"
            name, number = (None if tried in taken else tried), number + 1
        taken.add(name)
        made.append(name)
    return made
