"""A program that is a function: `async def main(node)`, imported anew for each machine and each start.

It ends as under `asyncio.run` in a process of its own: what is left of its tasks is cancelled and waited for, then its
servers and streams are closed. What a step calls on the machine afterwards finds its modules as they are.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from fozzy.sim.loop import SimLoop
from fozzy.sim.stacks import tasks_of
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
        self.is_leaving = False
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
        assert self.node.loop is not None
        if main is None:
            self.leave()
            return
        self.main = self.node.loop.create_task(main)
        self.main.add_done_callback(self._done)

    def coroutine(self) -> Any:
        """What the function makes; a plain function is done when it returns."""
        function = self.cluster.user.load(self.setting.target)
        made = function(*([Here(self.node, self.setting)] if takes_node(function) else []))
        if inspect.isasyncgen(made) or inspect.isgenerator(made):
            raise TypeError(f"{self.setting.target} is a generator; a program is an async function")
        return made if inspect.isawaitable(made) else None

    def _done(self, task: Any) -> None:
        if self.cluster.programs.get(self.node) is not self or self.is_leaving:
            return
        error = outcome(task)
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.leave()
        else:
            self._end(error)

    def leave(self) -> None:
        """The program has ended well: wind up what it has begun."""
        if not self.is_leaving:
            self.is_leaving = True
            loop: Any = self.node.loop
            left = [task for task in tasks_of(self.node) if task not in loop.visitors]
            if left:
                loop.create_task(self._wind_up(left))
            else:
                self._end(None)

    async def _wind_up(self, tasks: list[Any]) -> None:
        """As `asyncio.run` does."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        loop: Any = self.node.loop
        for task in tasks:
            if not task.cancelled() and task.exception() is not None:
                error = task.exception()
                told = {
                    "message": "unhandled exception during asyncio.run() shutdown",
                    "exception": error,
                    "task": task,
                }
                loop.call_exception_handler(told)
        self._end(None)

    def _end(self, error: BaseException | None) -> None:
        self.is_running = False
        self.cluster.ended(self.node, error)


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
