"""asyncio's transports over simulated streams and datagrams. The rules of flow control are asyncio's own."""

from __future__ import annotations

import asyncio
from asyncio import transports
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from fozzy.sim.streams import Endpoint

if TYPE_CHECKING:
    from fozzy.sim.loop import SimLoop


# The rules of flow control, which asyncio's stubs do not tell of.
FlowControl: Any = transports._FlowControlMixin


class SimTransport(FlowControl):  # type: ignore[misc]
    """One end of a stream for a protocol. *Closes*: `close` after what was written is sent, `abort` at once."""

    def __init__(self, loop: SimLoop, protocol: Any, endpoint: Endpoint, extra: dict[str, Any], server: Any = None):
        super().__init__({"peername": endpoint.remote, "sockname": endpoint.local, **extra}, loop)
        self._loop: SimLoop = loop
        self._endpoint = endpoint
        self._server = server
        self._closing = False
        self._paused = False
        self._eof = False
        self._is_lost = False  # the protocol is or will be told that it is over
        self._unread: deque[bytes | None] = deque()  # none is the end
        self.set_protocol(protocol)
        if server is not None:
            server._attach(self)

    def begin(self, waiter: asyncio.Future[Any] | None = None) -> None:
        """Tell the protocol, then let data in."""
        self._loop.call_soon(self._protocol.connection_made, self)
        self._loop.call_soon(self._endpoint.attach, self)
        if waiter is not None:
            self._loop.call_soon(wake, waiter)

    # What the stream tells

    def data_arrived(self, data: bytes) -> None:
        """Give bytes to the protocol, unless it reads no more or does not read now."""
        if self._closing:
            self._endpoint.consumed(len(data))
        elif self._paused or self._unread:
            self._unread.append(data)
        else:
            self._give(data)

    def eof_arrived(self) -> None:
        """The peer will send no more."""
        if self._closing:
            return
        if self._paused or self._unread:
            self._unread.append(None)
            return
        try:
            keep_open = self._protocol.eof_received()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._fatal(error, "Fatal error: protocol.eof_received() call failed.")
            return
        if not keep_open:
            self.close()

    def reset_arrived(self) -> None:
        """The stream is no more."""
        self._endpoint.forget()
        self._force_close(ConnectionResetError(104, "Connection reset by peer"))

    def backlog_changed(self) -> None:
        """Something that waited was sent."""
        self._maybe_resume_protocol()
        if self._closing and not self._endpoint.backlog and not self._endpoint.is_closed:
            self._end()

    def _give(self, data: bytes) -> None:
        protocol, rest = self._protocol, b""
        try:
            if self._is_buffered:
                rest = self._feed(protocol, data)
            else:
                self._endpoint.consumed(len(data))  # it is read: who closes now leaves nothing behind
                protocol.data_received(data)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._fatal(error, "Fatal error: protocol.data_received() call failed.")
        if rest and not self._closing:
            self._unread.appendleft(rest)

    def _feed(self, protocol: Any, data: bytes) -> bytes:
        """Give bytes to a protocol that has buffers of its own, until it has enough; what comes back is left."""
        while data and not self._paused and not self._closing and protocol is self._protocol:
            buffer = protocol.get_buffer(len(data))
            size = len(buffer)
            if not size:
                raise RuntimeError("get_buffer() returned an empty buffer")
            some, data = data[:size], data[size:]
            buffer[: len(some)] = some
            self._endpoint.consumed(len(some))
            protocol.buffer_updated(len(some))
        return data

    # What a program asks

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol
        self._is_buffered = isinstance(protocol, asyncio.BufferedProtocol)

    def get_protocol(self) -> Any:
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return not self._closing and not self._paused

    def pause_reading(self) -> None:
        if not self._closing:
            self._paused = True

    def resume_reading(self) -> None:
        if not self._closing and self._paused:
            self._paused = False
            if self._unread:
                self._loop.call_soon(self._drain_unread)

    def _drain_unread(self) -> None:
        while self._unread and not self._paused and not self._closing:
            data = self._unread.popleft()
            if data is None:
                self.eof_arrived()
            else:
                self._give(data)

    def write(self, data: Any) -> None:
        if type(data) is not bytes:
            if not isinstance(data, bytearray | memoryview):
                raise TypeError(f"data argument must be a bytes-like object, not {type(data).__name__!r}")
            data = bytes(data)
        if self._eof:
            raise RuntimeError("Cannot call write() after write_eof()")
        if not data or self._closing:
            return
        endpoint = self._endpoint
        endpoint.send(data)
        if endpoint.backlog_bytes:
            self._maybe_pause_protocol()

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self._closing and not self._eof:
            self._eof = True
            self._endpoint.finish()

    def get_write_buffer_size(self) -> int:
        return self._endpoint.backlog_bytes

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        if not self._endpoint.backlog:
            self._end()

    def abort(self) -> None:
        self._force_close(None)

    def _end(self) -> None:
        self._is_lost = True
        self._endpoint.close()
        self._loop.call_soon(self._lost, None)

    def _force_close(self, error: BaseException | None) -> None:
        if self._is_lost:
            return
        self._is_lost = self._closing = True
        self._unread.clear()
        self._endpoint.drop()
        self._loop.call_soon(self._lost, error)

    def _fatal(self, error: BaseException, message: str) -> None:
        self._loop.call_exception_handler(
            {"message": message, "exception": error, "transport": self, "protocol": self._protocol}
        )
        self._force_close(error)

    def _lost(self, error: BaseException | None) -> None:
        try:
            self._protocol.connection_lost(error)
        finally:
            server, self._server = self._server, None
            if server is not None:
                server._detach(self)


def wake(waiter: asyncio.Future[Any]) -> None:
    """Somebody may wait for this, or not any more."""
    if not waiter.done():
        waiter.set_result(None)


class SimDatagrams(asyncio.DatagramTransport):
    """A datagram socket for a protocol. `serves` when others are meant to know its port."""

    def __init__(
        self, loop: SimLoop, protocol: Any, port: int, remote: tuple[str, int] | None, *, serves: bool = False
    ) -> None:
        node = loop.node
        super().__init__({"sockname": (node.ip, port), **({"peername": remote} if remote else {})})
        self._loop = loop
        self._protocol = protocol
        self._port = port
        self._remote = remote
        self._closing = False
        self.context = copy_context()
        self.serves = serves
        node.datagrams[port] = self
        loop.call_soon(protocol.connection_made, self)

    def sendto(self, data: Any, addr: Any = None) -> None:
        if self._closing or (addr is None and self._remote is None):
            return
        to: Any = addr or self._remote
        self._loop.cluster.send_datagram(self._loop.node, (self._loop.node.ip, self._port), (to[0], to[1]), bytes(data))

    def arrived(self, data: bytes, source: tuple[str, int]) -> None:
        """A datagram is here."""
        if not self._closing and self._remote in (None, source):
            self._protocol.datagram_received(data, source)

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.node.datagrams.pop(self._port, None)
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()
