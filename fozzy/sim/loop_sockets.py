"""The loop's `sock_*` calls over simulated sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fozzy.sim.sockets import SimSocket

if TYPE_CHECKING:
    from fozzy.sim.streams import Endpoint


class _Received:
    """What arrived on a socket and was not taken."""

    def __init__(self, endpoint: Endpoint, loop: Any) -> None:
        self.data = bytearray()
        self.is_over = False
        self.error: OSError | None = None
        self.waiter: asyncio.Future[Any] | None = None
        self._endpoint = endpoint
        self._loop = loop
        endpoint.attach(self)

    def data_arrived(self, data: bytes) -> None:
        self.data += data
        self._wake()

    def eof_arrived(self) -> None:
        self.is_over = True
        self._wake()

    def reset_arrived(self) -> None:
        self.error = ConnectionResetError(104, "Connection reset by peer")
        self._wake()

    def backlog_changed(self) -> None:
        self._wake()

    async def some(self) -> None:
        """Wait until something changes."""
        self.waiter = self._loop.create_future()
        await self.waiter

    def take(self, count: int) -> bytes:
        some = bytes(self.data[:count])
        del self.data[:count]
        self._endpoint.consumed(len(some))
        return some

    def _wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


# A loop takes what asyncio gives it, whatever its stubs call the types.
AbstractLoop: Any = asyncio.AbstractEventLoop


class SocketCalls(AbstractLoop):  # type: ignore[misc]
    """The part of a loop that works on sockets."""

    node: Any

    def endpoint_of(self, sock: Any) -> Endpoint:
        """The stream of a socket that is connected. *Errors*: `ValueError`, `OSError`."""
        if not isinstance(sock, SimSocket):
            raise self.node.fence("a socket made outside of the simulator", "open the connection inside of the program")
        if sock.endpoint is None:
            raise OSError(107, "Transport endpoint is not connected")
        return sock.endpoint

    async def sock_connect(self, sock: Any, address: Any) -> None:
        if not isinstance(sock, SimSocket):
            raise self.node.fence("loop.sock_connect", "open the connection inside of the program")
        found = await self.getaddrinfo(address[0], address[1], type=sock.type)
        endpoint = await self.open_stream(found[0][4][0], found[0][4][1])
        sock.endpoint, sock._local = endpoint, endpoint.local

    async def sock_recv(self, sock: Any, nbytes: int) -> bytes:
        received = self._received(sock)
        while not received.data:
            if received.error is not None:
                raise received.error
            if received.is_over:
                return b""
            await received.some()
        return received.take(nbytes)

    async def sock_recv_into(self, sock: Any, buf: Any) -> int:
        data = await self.sock_recv(sock, len(buf))
        buf[: len(data)] = data
        return len(data)

    async def sock_sendall(self, sock: Any, data: Any) -> None:
        endpoint, received = self.endpoint_of(sock), self._received(sock)
        if received.error is not None:
            raise received.error
        if data:
            endpoint.send(bytes(data))
        while endpoint.backlog and received.error is None:
            await received.some()

    async def sock_accept(self, sock: Any) -> tuple[Any, Any]:
        raise self.node.fence("loop.sock_accept", "serve with asyncio.start_server or loop.create_server")

    def _received(self, sock: Any) -> _Received:
        endpoint = self.endpoint_of(sock)
        if sock.received is None:
            sock.received = _Received(endpoint, self)
        received: _Received = sock.received
        return received
