"""A proxy put together and run: engine, session, door, recorder, controls, numbers, under one nursery.

Rule 1: what cannot work is found before a port is opened; what is opened is closed, whatever happens.
Rule 2: nothing stands in the way of traffic: who listens to the session takes note and works later.
Rule 3: at the end the traffic stops first, then what was told is written, then the controls end.
For tests: `async with running(Settings(plan=…)) as proxy: … proxy.url`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

import trio

from fozzy.chaos.parts import Parts, Running
from fozzy.chaos.settings import Settings
from fozzy.chaos.standing import only, stand, typing
from fozzy.core.events import Record

NOTICED_S = 0.3  # an end that takes longer is explained


class Front(Protocol):
    """Who shows a running proxy to somebody."""

    tick_s: float  # how often `tick` is called

    def begun(self, proxy: Running) -> None:
        """It listens."""

    def hear(self, record: Record) -> None:
        """An exchange ended, or something was changed."""

    def tick(self) -> None:
        """Time to show what is new."""

    def keys(self) -> int | None:
        """The number of a stream whose bytes are for `key`; none where nobody types."""

    def key(self, data: bytes) -> None:
        """Bytes of that stream."""

    def waiting(self, reason: str) -> None:
        """It was stopped, and this keeps it from ending; said once."""


@asynccontextmanager
async def running(settings: Settings, parts: Parts | None = None) -> AsyncIterator[Running]:
    """A proxy that runs until the end of the block. *Errors*: `FozzyError` before it listens. *Closes*: everything."""
    parts = parts or Parts(settings)
    try:
        async with trio.open_nursery() as others:
            control = await _others(parts, others)
            async with trio.open_nursery() as traffic:
                address = await traffic.start(parts.door.serve, settings.listening)
                parts.has_begun = True
                try:
                    yield Running(parts, address, control, others)
                finally:
                    traffic.cancel_scope.cancel()
            parts.finish()
            others.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise only(group) from None
    finally:
        parts.finish()


async def _others(parts: Parts, nursery: trio.Nursery) -> tuple[str, int] | None:
    """Begin all but the traffic, and say where the controls listen."""
    parts.tapes.spawn = nursery.start_soon
    flushing = parts.tapes.flushing()
    for task in [*parts.tasks, *([flushing] if flushing is not None else [])]:
        nursery.start_soon(task)
    controlled = parts.settings.control
    if parts.server is None or controlled is None:
        return None
    address: tuple[str, int] = await nursery.start(parts.server.serve, *controlled.address)
    return address


def run(parts: Parts, front: Front) -> None:
    """Run a proxy until it is stopped: by a signal, by the front, by its controls. *Errors*: as `running`."""
    trio.run(_run, parts, front)


async def _run(parts: Parts, front: Front) -> None:
    parts.session.listeners.append(front.hear)
    await stand(
        parts,
        front,
        running(parts.settings, parts),
        throughout=[partial(_tell_waiting, parts, front)],
        meanwhile=[partial(typing, front)],
    )


async def _tell_waiting(parts: Parts, front: Front) -> None:
    await parts.stopped.wait()
    reason = ""
    while not reason:
        await trio.sleep(NOTICED_S)
        reason = parts.waits_for()
    front.waiting(reason)
