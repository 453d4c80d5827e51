"""Steps that cut and mend links."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from fozzy.dsl.cluster.base import about
from fozzy.dsl.cluster.moments import Time
from fozzy.dsl.cluster.nodes import NodeName
from fozzy.dsl.steps.base import Issue
from fozzy.dsl.steps.cluster.base import ClusterStep

Later = Annotated[
    Time | None, about("How long from now it happens, or drawn; the step then only plans it. At once unless given.")
]


class _Link(ClusterStep, frozen=True, kw_only=True):
    """Something that happens between two nodes."""

    nodes: ClassVar[tuple[str, ...]] = ("a", "b")
    a: Annotated[NodeName, about("One node.")]
    b: Annotated[NodeName, about("The other one.")]
    at: Later = None

    def check(self) -> Iterator[Issue]:
        if self.a == self.b:
            yield Issue(("b",), f'"{self.a}" has no link to itself')


class Partition(_Link, frozen=True, kw_only=True, tag="partition"):
    """Cuts the link between two nodes; what is sent is held."""


class Heal(_Link, frozen=True, kw_only=True, tag="heal"):
    """Mends the link between two nodes; what was held arrives."""


class HealAll(ClusterStep, frozen=True, kw_only=True, tag="heal_all"):
    """Mends every link that is cut."""

    nodes: ClassVar[tuple[str, ...]] = ()
