"""A program that is a function: `async def main(node)`, imported anew for each machine and each start."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from fozzy.sim.loop import SimLoop
from fozzy.sim.views import Here

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.node import Node
    from fozzy.sim.settings import NodeSetting


class FunctionProgram:
    """Runs `module:function` as the machine's main task. It serves while it listens and has not ended."""

    def __init__(self, setting: NodeSetting, cluster: Cluster, node: Node) -> None:
        self.setting = setting
        self.cluster = cluster
        self.node = node
        self.is_running = True
        self.main: Any = None

    @property
    def serves(self) -> bool:
        """Who listens waits for others."""
        return bool(self.node.listeners) or any(each.serves for each in self.node.datagrams.values())

    @property
    def is_finite(self) -> bool:
        """Who serves does so for ever."""
        return not (self.is_running and self.serves)

    def start(self) -> None:
        """Import and begin at the machine's first turn."""
        self.node.loop = SimLoop(self.node)
        self.cluster.soon(self.node, self._begin)

    def lose(self) -> None:
        """Nobody is told."""

    def _begin(self) -> None:
        main = self.coroutine()
        if main is None:
            self._end(None)
            return
        assert self.node.loop is not None
        self.main = self.node.loop.create_task(main)
        self.main.add_done_callback(self._done)

    def coroutine(self) -> Any:
        """What the function makes; a plain function is done when it returns."""
        function = self.cluster.user.load(self.setting.target)
        made = function(*([Here(self.node, self.setting)] if takes_node(function) else []))
        return made if inspect.isawaitable(made) else None

    def _done(self, task: Any) -> None:
        if self.cluster.programs.get(self.node) is self:
            self._end(outcome(task))

    def _end(self, error: BaseException | None) -> None:
        self.is_running = False
        self.cluster.ended(self.node, None if isinstance(error, SystemExit) and not error.code else error)


def outcome(task: Any) -> BaseException | None:
    """What ended a main task; to be cancelled is an error too, as for `asyncio.run`."""
    try:
        task.result()
    except BaseException as error:
        return error
    return None


def takes_node(function: Any) -> bool:
    """Whether a function wants to be told where it runs."""
    code = getattr(function, "__code__", None)
    if code is not None:
        return bool(code.co_argcount or code.co_flags & inspect.CO_VARARGS)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD, each.VAR_POSITIONAL) for each in parameters
    )
