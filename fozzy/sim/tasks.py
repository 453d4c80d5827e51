"""Tasks and futures whose hash is a number of the run, so that sets of them have the same order in every process."""

from __future__ import annotations

import asyncio
from typing import Any


class SimFuture(asyncio.Future[Any]):
    """A future of a simulated machine; `number` is its own from its first hash on."""

    __slots__ = ("number",)

    def __hash__(self) -> int:
        try:
            return self.number
        except AttributeError:  # few are ever hashed: it gets its number now
            loop: Any = self.get_loop()
            loop.futures_numbered = self.number = loop.futures_numbered + 1
            return self.number


class SimTask(asyncio.Task[Any]):
    """A task of a simulated machine; `number` stays its own for the whole run."""

    __slots__ = ("number",)

    def __init__(self, coro: Any, *, loop: Any, **more: Any) -> None:
        node = loop.node
        node.tasks_made = made = node.tasks_made + 1
        self.number: int = node.number * 1_000_000 + made
        if more.get("name") is None:
            more["name"] = f"{node.name}-{made}"
        super().__init__(coro, loop=loop, **more)

    def __hash__(self) -> int:
        return self.number
