"""Programs: what runs on a machine. One file for each kind; `program_of` is the list.

To add a kind: a file with a class that has the members of `Program`, a word for it in `sim.settings.NodeKind`, one line
below, and how files spell it in `dsl/cluster/nodes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.node import Node
    from fozzy.sim.settings import NodeSetting


class Program(Protocol):
    """What runs on a machine from its start to its end or its crash."""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        ...

    @property
    def serves(self) -> bool:
        """Whether it only waits for others to speak to it."""
        ...

    @property
    def is_finite(self) -> bool:
        """Whether it ends by itself, as far as one can see."""
        ...

    def start(self) -> None:
        """Begin; the machine is up."""
        ...

    def leave(self) -> None:
        """It wants to end, and well."""
        ...

    def lose(self) -> None:
        """The machine has lost power."""
        ...


def program_of(setting: NodeSetting, cluster: Cluster, node: Node) -> Program:
    """The program of a machine, not yet started."""
    if setting.kind == "builtin":
        from fozzy.sim.programs.kv import KvProgram

        return KvProgram(setting, cluster, node)
    if setting.kind == "asgi":
        from fozzy.sim.programs.asgi import AsgiProgram

        return AsgiProgram(setting, cluster, node)
    from fozzy.sim.programs.function import FunctionProgram

    return FunctionProgram(setting, cluster, node)
