"""Steps that happen to a machine, and the one that lets time pass."""

from typing import Annotated, ClassVar

from fozzy.dsl.cluster.base import about
from fozzy.dsl.steps.base import FixedDuration
from fozzy.dsl.steps.cluster.base import ClusterStep, NodeField
from fozzy.dsl.steps.cluster.links import Later


class _Machine(ClusterStep, frozen=True, kw_only=True):
    """Something that happens to a node."""

    node: NodeField
    at: Later = None


class Crash(_Machine, frozen=True, kw_only=True, tag="crash"):
    """A node loses power: nothing of its program goes on, what is on its way to it is lost."""


class Restart(_Machine, frozen=True, kw_only=True, tag="restart"):
    """A node starts again; one that is up loses power first."""


class Pause(_Machine, frozen=True, kw_only=True, tag="pause"):
    """A node stops, as in a long garbage collection; it loses nothing."""


class Resume(_Machine, frozen=True, kw_only=True, tag="resume"):
    """A node that was paused goes on."""


class Tick(ClusterStep, frozen=True, kw_only=True, tag="tick"):
    """Lets time pass."""

    nodes: ClassVar[tuple[str, ...]] = ()
    duration: Annotated[FixedDuration, about("How much.")]
