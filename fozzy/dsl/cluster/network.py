"""The network of a cluster: what all links are like, and those that differ."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from fozzy.dsl.cluster.base import ClusterPart, about
from fozzy.dsl.cluster.nodes import NodeName
from fozzy.dsl.cluster.spread import Latency, spread_of
from fozzy.dsl.steps.base import END, Issue
from fozzy.sim.settings import LinkSetting

SIZES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SPEED = rf"([1-9][0-9]{{0,11}})({'|'.join(SIZES)})/s"
_MATCH = re.compile(_SPEED)

Probability = Annotated[float, Meta(ge=0, le=1)]
Bandwidth = (
    Annotated[int, Meta(ge=1)] | Annotated[str, Meta(pattern=f"^{_SPEED}{END}", description="A speed such as 1MB/s.")]
)


class Speeds(ClusterPart, frozen=True, kw_only=True):
    """What one direction of a link is like."""

    latency: Annotated[
        Latency | None, about("How long a message is on its way; between 1ms and 10ms unless given.")
    ] = None
    bandwidth: Annotated[
        Bandwidth | None, about('Bytes a second, as a number or as "1MB/s"; as much as one likes unless given.')
    ] = None
    loss: Annotated[
        Probability | None, about("How often what is sent is lost: a datagram for good, on a stream it comes later.")
    ] = None
    duplicate: Annotated[Probability | None, about("How often a datagram arrives twice.")] = None
    reorder: Annotated[
        bool | None, about("Whether datagrams and messages of kv may overtake each other; false unless given.")
    ] = None


class Link(Speeds, frozen=True, kw_only=True):
    """One direction between two nodes that differs; what it leaves out is as on all links."""

    leads: ClassVar[tuple[str, ...]] = ("from", "to")
    from_: Annotated[NodeName, about("The node that sends.")] = msgspec.field(name="from")
    to: Annotated[NodeName, about("The node that receives.")]

    def check(self) -> Iterator[Issue]:
        if self.from_ == self.to:
            yield Issue(("to",), f'"{self.to}" has no link to itself')


class Network(Speeds, frozen=True, kw_only=True):
    """What the links between the nodes are like."""

    links: Annotated[list[Link], about("Directions that differ from the rest.")] = []

    def check(self) -> Iterator[Issue]:
        seen: set[tuple[str, str]] = set()
        for index, link in enumerate(self.links):
            if (link.from_, link.to) in seen:
                yield Issue(("links", index), f'the link from "{link.from_}" to "{link.to}" is given twice')
            seen.add((link.from_, link.to))


def bytes_per_second(bandwidth: int | str) -> int:
    """The speed a valid bandwidth stands for."""
    match = _MATCH.fullmatch(bandwidth) if isinstance(bandwidth, str) else None
    return int(match[1]) * SIZES[match[2]] if match else int(bandwidth)


def link_setting(given: Speeds, rest: LinkSetting) -> LinkSetting:
    """What a link is like: what is given, and the rest as another link has it."""
    return LinkSetting(
        latency=rest.latency if given.latency is None else spread_of(given.latency),
        bandwidth_bytes_s=rest.bandwidth_bytes_s if given.bandwidth is None else bytes_per_second(given.bandwidth),
        loss=rest.loss if given.loss is None else given.loss,
        duplicate=rest.duplicate if given.duplicate is None else given.duplicate,
        reorder=rest.reorder if given.reorder is None else given.reorder,
    )
