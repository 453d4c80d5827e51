"""The builtin program `kv`: a replicated key-value store, small enough to see what goes wrong.

A put is applied at its machine and sent to every other one, which applies it when it arrives. With `merge = "arrival"`
the last to arrive wins, so machines may end up different; with `"newest"` the highest (counter, machine) wins. What was
put survives a crash; a message that arrives at a machine that is down is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec

from fozzy.core.events import Net

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.kernel import Pending
    from fozzy.sim.node import Node
    from fozzy.sim.settings import NodeSetting

Version = tuple[int, int]  # a counter, and the number of the machine that counted
Message = tuple[str, Any, Version]

_encode = msgspec.json.Encoder(order="deterministic").encode


class KvProgram:
    """One replica."""

    is_running = True
    is_finite = False
    serves = True

    def __init__(self, setting: NodeSetting, cluster: Cluster, node: Node) -> None:
        self._cluster = cluster
        self._node = node
        args = setting.args if isinstance(setting.args, dict) else {}
        self._newest = args.get("merge") == "newest"
        self.asked: dict[Pending, None] = {}  # clients that it has not answered yet
        self.data: dict[str, tuple[Any, Version]] = node.storage.setdefault("kv", {})

    def start(self) -> None:
        """Nothing is to be done: it answers."""

    def leave(self) -> None:
        """It never does."""

    def lose(self) -> None:
        """Clients notice that it is gone."""
        for pending in list(self.asked):
            pending.set(error=ConnectionError(f"{self._node.name} is down"))

    def put(self, key: str, value: Any) -> None:
        """Apply a value and send it to the others."""
        counter = max([version[0] for _, version in self.data.values()], default=0) + 1
        message: Message = (key, value, (counter, self._node.number))
        self._apply(message)
        for other in self._cluster.nodes:
            if other is not self._node:
                self._send(other, message)

    def get(self, key: str) -> Any:
        """The value of a key. *Errors*: `KeyError`."""
        return self.data[key][0]

    def _send(self, other: Node, message: Message) -> None:
        link = self._cluster.network.link(self._node, other)
        data = _encode(message)

        def arrive(given: bytes) -> None:
            program = self._cluster.programs.get(other)
            if other.is_up and isinstance(program, KvProgram):
                kernel = self._cluster.kernel
                kernel.log.append(Net(kernel.clock.now, other.span, "message", link.name, len(given), crc32(given)))
                self._cluster.soon(other, program._apply, message)

        link.send(arrive, data, len(data))

    def _apply(self, message: Message) -> None:
        key, value, version = message
        known = self.data.get(key)
        if not self._newest or known is None or version > known[1]:
            self.data[key] = (value, version)
