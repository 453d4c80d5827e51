"""How a run that stands until it is stopped is shown and ended, whatever it carries.

Rule 1: the first signal stops it in good order, the second one at once.
Rule 2: who shows it is called a few times a second while it runs, and not any more once it was stopped.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

import trio

T = TypeVar("T", contravariant=True)
Running = TypeVar("Running")
Task = Callable[[], Awaitable[None]]

KEY_BYTES = 256  # of one look; nobody types more between two


class Standing(Protocol):
    """What stands."""

    stopped: trio.Event

    def stop(self) -> None:
        """Stop it."""

    def hurry(self) -> None:
        """End now: nothing that is still on its way gets more time."""


class Shown(Protocol[T]):
    """Who shows it."""

    tick_s: float  # how often `tick` is called

    def begun(self, running: T, /) -> None:
        """It listens."""

    def tick(self) -> None:
        """Time to show what is new."""


async def stand(
    parts: Standing,
    front: Shown[Running],
    running: AbstractAsyncContextManager[Running],
    *,
    throughout: Iterable[Task] = (),
    meanwhile: Iterable[Task] = (),
) -> None:
    """Run until it is stopped: by a signal, by the front, by its controls. *Errors*: as `running`.

    `throughout` are tasks that go on until it has ended, `meanwhile` those that end when it is stopped.
    """
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_watch, signals, parts, nursery.cancel_scope)
                for task in throughout:
                    nursery.start_soon(task)
                async with running as begun:
                    front.begun(begun)
                    async with trio.open_nursery() as shown:
                        shown.start_soon(_ticking, front)
                        for task in meanwhile:
                            shown.start_soon(task)
                        await parts.stopped.wait()
                        shown.cancel_scope.cancel()
                nursery.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            raise only(group) from None


class Typed(Protocol):
    """Who has keys."""

    def keys(self) -> int | None:
        """The number of a stream whose bytes are for `key`; none where nobody types."""

    def key(self, data: bytes) -> None:
        """Bytes of that stream."""


async def typing(front: Typed) -> None:
    """Give what is typed to who shows it, as long as somebody types."""
    number = front.keys()
    while number is not None:
        await trio.lowlevel.wait_readable(number)
        data = os.read(number, KEY_BYTES)
        if not data:
            return
        front.key(data)


async def _watch(signals: AsyncIterator[int], parts: Standing, everything: trio.CancelScope) -> None:
    async for _ in signals:
        if parts.stopped.is_set():
            parts.hurry()
            everything.cancel()
        parts.stop()


async def _ticking(front: Shown[Running]) -> None:
    while True:
        await trio.sleep(front.tick_s)
        front.tick()


def only(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one thing that went wrong, where it is one."""
    left: BaseException = group
    while isinstance(left, BaseExceptionGroup) and len(left.exceptions) == 1:
        left = left.exceptions[0]
    return left
