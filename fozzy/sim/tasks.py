"""Tasks and futures whose hash is a number of the run, so that sets of them have the same order in every process."""

from __future__ import annotations

import asyncio
from typing import Any


class SimFuture(asyncio.Future[Any]):
    """A future of a simulated machine; `number` is its own from its first hash on."""

    __slots__ = ("number",)
    number: int

    def __hash__(self) -> int:
        try:
            return self.number
        except AttributeError:  # few are ever hashed: it gets its number now
            loop: Any = self.get_loop()
            number: int = loop.futures_numbered + 1
            loop.futures_numbered = self.number = number
            return number


class SimTask(asyncio.Task[Any]):
    """A task of a simulated machine; `number` stays its own for the whole run."""

    __slots__ = ("number",)

    def __init__(self, coro: Any, *, loop: Any, name: Any = None, context: Any = None, **more: Any) -> None:
        node = loop.node
        node.tasks_made = made = node.tasks_made + 1
        self.number: int = node.number * 1_000_000 + made
        name = f"{node.name}-{made}" if name is None else name
        if more:
            super().__init__(coro, loop=loop, name=name, context=context, **more)
        else:
            _begin(self, coro, loop=loop, name=name, context=context)

    def __hash__(self) -> int:
        return self.number


_begin: Any = asyncio.Task.__init__
