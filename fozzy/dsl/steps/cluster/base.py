"""ClusterStep: something that happens to a cluster, or that must hold of it."""

from typing import Annotated, ClassVar

from fozzy.dsl.cluster.base import ClusterPart, about
from fozzy.dsl.cluster.nodes import NodeName
from fozzy.dsl.steps.base import Name

NodeField = Annotated[NodeName, about("The node.")]
KeyField = Annotated[Name, about("The key.")]


class ClusterStep(ClusterPart, frozen=True, kw_only=True, tag_field="type"):
    """Something that happens to a cluster."""

    noun: ClassVar[str] = "step"
    nodes: ClassVar[tuple[str, ...]] = ("node",)  # fields that name nodes, with dots into what they hold
    asks: ClassVar[bool] = False  # true for steps in which a client calls a node


class Invariant(ClusterStep, frozen=True, kw_only=True):
    """Something that must hold of a cluster."""

    noun: ClassVar[str] = "invariant"
    nodes: ClassVar[tuple[str, ...]] = ()
    reads_kv: ClassVar[bool] = False  # true for what looks at the values that nodes hold under keys
