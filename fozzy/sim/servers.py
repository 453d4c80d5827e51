"""Servers of a simulated machine: who listens on a port, and what asyncio calls a server."""

from __future__ import annotations

import asyncio
import sys
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from fozzy.sim.sockets import SimSocket
from fozzy.sim.transports import SimTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from fozzy.sim.streams import Endpoint


class Listener:
    """Makes a protocol for each stream that is opened. `tls`: context, two timeouts."""

    def __init__(self, loop: Any, factory: Callable[[], Any], tls: tuple[Any, Any, Any]) -> None:
        self.loop = loop
        self.server: SimServer | None = None
        self.context: Any = None  # what protocols inherit: the context of who started serving
        self._factory = factory
        self._tls = tls

    def accepted(self, endpoint: Endpoint) -> None:
        """A stream was opened: runs on the machine."""
        server = self.server
        if server is None or not server.is_serving():
            endpoint.reset()
            return
        endpoint.context = copy_context()
        protocol = self._factory()
        context, handshake, shutdown = self._tls
        if context is None:
            extra = {"socket": SimSocket.over(endpoint)}
            transport: Any = SimTransport(self.loop, protocol, endpoint, extra, server)
            transport.begin()
        else:
            from fozzy.sim.tls import secured

            secured(endpoint, protocol, (context, True, None, handshake, shutdown), server=server)


class SimServer(asyncio.AbstractServer):
    """What `create_server` gives. *Closes*: `close` stops listening; streams that are open stay open."""

    def __init__(self, loop: Any, listening: list[tuple[int | str, Listener]]) -> None:
        self._loop = loop
        self._listening = listening
        self._is_serving = False
        self._is_closed = False
        self._transports: dict[Any, None] = {}
        self._waiters: list[asyncio.Future[Any]] = []
        self._forever: asyncio.Future[Any] | None = None
        for _, listener in listening:
            listener.server = self

    @property
    def sockets(self) -> tuple[SimSocket, ...]:
        """One for each port."""
        if self._is_closed:
            return ()
        node = self._loop.node
        return tuple(SimSocket.listening(node, port) for port, _ in self._listening)

    def get_loop(self) -> Any:
        return self._loop

    def is_serving(self) -> bool:
        return self._is_serving

    def _start_serving(self) -> None:
        if not self._is_serving and not self._is_closed:
            self._is_serving = True
            for port, listener in self._listening:
                listener.context = copy_context()
                self._loop.node.listeners[port] = listener

    async def start_serving(self) -> None:
        self._start_serving()
        await asyncio.sleep(0)

    async def serve_forever(self) -> None:
        if self._forever is not None:
            raise RuntimeError(f"server {self!r} is already being awaited on serve_forever()")
        if self._is_closed:
            raise RuntimeError(f"server {self!r} is closed")
        self._start_serving()
        self._forever = self._loop.create_future()
        try:
            await self._forever
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._forever = None

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._is_serving = False
        for port, listener in self._listening:
            if self._loop.node.listeners.get(port) is listener:
                del self._loop.node.listeners[port]
        if self._forever is not None and not self._forever.done():
            self._forever.cancel()
        if not self._transports:
            self._wake()

    def close_clients(self) -> None:
        """Close every stream."""
        for transport in list(self._transports):
            transport.close()

    def abort_clients(self) -> None:
        """End every stream at once."""
        for transport in list(self._transports):
            transport.abort()

    async def wait_closed(self) -> None:
        if self._is_closed and (not self._transports or sys.version_info < (3, 12)):
            return  # before 3.12 asyncio does not wait for streams that are open
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def _attach(self, transport: Any) -> None:
        self._transports[transport] = None

    def _detach(self, transport: Any) -> None:
        self._transports.pop(transport, None)
        if self._is_closed and not self._transports:
            self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
