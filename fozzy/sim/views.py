"""What user code sees of a cluster: a program its own machine, a checker all of them."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.history import Operation
    from fozzy.sim.node import Node
    from fozzy.sim.settings import NodeSetting


class Here:
    """The machine a program runs on. `state` is for checkers to look at; it is empty after a restart."""

    def __init__(self, node: Node, setting: NodeSetting) -> None:
        self.name = node.name
        self.index = node.number
        self.host = node.name
        self.ip = node.ip
        self.port = setting.port
        self.args = deepcopy(setting.args)  # a program may do with it what it likes
        self.state = node.state
        self.peers = [Peer(other, node.cluster) for other in node.cluster.nodes if other is not node]

    def __repr__(self) -> str:
        return f"<node {self.name}>"


class Peer:
    """Another machine of the cluster, as one can know it: where it is."""

    def __init__(self, node: Node, cluster: Cluster) -> None:
        self.name = node.name
        self.index = node.number
        self.host = node.name
        self.ip = node.ip
        self.port = cluster.setting.nodes[node.number].port

    def __repr__(self) -> str:
        return f"<node {self.name}>"


class Seen:
    """A machine as a checker sees it."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.name = node.name

    @property
    def is_up(self) -> bool:
        """Whether it has power."""
        return self._node.is_up

    @property
    def state(self) -> dict[str, Any]:
        """What its program shows."""
        return self._node.state

    @property
    def kv(self) -> dict[str, Any]:
        """What a builtin `kv` holds."""
        data = self._node.storage.get("kv", {})
        return {key: value for key, (value, _) in data.items()}

    def __repr__(self) -> str:
        return f"<node {self.name}>"


class View:
    """The cluster as a checker sees it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.nodes = [Seen(node) for node in cluster.nodes]

    def node(self, name: str) -> Seen:
        """A machine by its name. *Errors*: `KeyError`."""
        return next((each for each in self.nodes if each.name == name), None) or _unknown(name)

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the run began."""
        return self._cluster.kernel.clock.now

    @property
    def history(self) -> list[Operation]:
        """What clients did, in order of their calls."""
        return self._cluster.clients.history


def _unknown(name: str) -> Any:
    raise KeyError(name)
