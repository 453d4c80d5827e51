"""TCP proxies put together and run: engine, session, doors, and what others add, under one nursery.

Rule 1: what cannot work is found before a port is opened; what is opened is closed, whatever happens.
Rule 2: controls listen first and traffic last; at the end the traffic stops first, then what was told is written, then
the other tasks end.
For tests: `async with running(TcpSettings(plan=…)) as run: … run.address("redis")`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

import trio

from fozzy.chaos.files.values import Address
from fozzy.chaos.standing import only, stand, typing
from fozzy.chaos.tcp.parts import TcpParts, TcpRunning
from fozzy.chaos.tcp.settings import TcpSettings
from fozzy.core.events import Record


class TcpFront(Protocol):
    """Who shows running proxies to somebody."""

    tick_s: float  # how often `tick` is called

    def begun(self, run: TcpRunning, /) -> None:
        """They listen."""

    def hear(self, record: Record) -> None:
        """A connection or a message ended, or something was changed."""

    def tick(self) -> None:
        """Time to show what is new."""

    def keys(self) -> int | None:
        """The number of a stream whose bytes are for `key`; none where nobody types."""

    def key(self, data: bytes) -> None:
        """Bytes of that stream."""


@asynccontextmanager
async def running(settings: TcpSettings, parts: TcpParts | None = None) -> AsyncIterator[TcpRunning]:
    """Proxies that run until the end of the block. *Errors*: `FozzyError` before they listen. *Closes*: everything."""
    parts = parts or TcpParts(settings)
    try:
        async with trio.open_nursery() as others:
            await _begin_others(parts, others)
            async with trio.open_nursery() as traffic:
                await traffic.start(parts.doors.run)
                parts.has_begun = True
                try:
                    yield TcpRunning(parts, others)
                finally:
                    traffic.cancel_scope.cancel()
            parts.finish()
            others.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        raise only(group) from None
    finally:
        parts.finish()


async def _begin_others(parts: TcpParts, nursery: trio.Nursery) -> None:
    """Begin all but the traffic; the controls listen then."""
    for task in parts.tasks:
        nursery.start_soon(task)
    controlled = parts.settings.control
    if parts.server is not None and controlled is not None:
        parts.controlled = str(Address(*await nursery.start(parts.server.serve, *controlled.address)))


def run(parts: TcpParts, front: TcpFront) -> None:
    """Run until it is stopped: by a signal, by the front, by its controls. *Errors*: as `running`."""
    trio.run(_run, parts, front)


async def _run(parts: TcpParts, front: TcpFront) -> None:
    parts.session.listeners.append(front.hear)
    await stand(parts, front, running(parts.settings, parts), meanwhile=[partial(typing, front)])
