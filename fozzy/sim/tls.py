"""TLS over simulated streams: asyncio's own protocol over memory buffers.

OpenSSL's randomness is not ours, so what travels differs from run to run and is no evidence; what was encrypted is.
A handshake and its tickets differ in length too, so they take no bandwidth: what a side sends has weight from its second
segment with something of the program's on; where a library encrypts by itself (anyio does), nothing has.
"""

from __future__ import annotations

import ssl
from asyncio import sslproto
from typing import TYPE_CHECKING, Any
from zlib import crc32

from fozzy.core.events import Net
from fozzy.sim.sockets import SimSocket
from fozzy.sim.transports import SimTransport

if TYPE_CHECKING:
    from fozzy.sim.node import Node
    from fozzy.sim.streams import Endpoint

Tls = tuple[Any, bool, str | None, float | None, float | None]  # context, server's side, name, two timeouts


# asyncio's own, which its stubs know only in part.
SslProtocol: Any = sslproto.SSLProtocol


class EvidentTls(SslProtocol):  # type: ignore[misc]
    """asyncio's protocol, whose endpoint is known to what it encrypts with."""

    endpoint: Endpoint

    def _start_handshake(self) -> None:
        super()._start_handshake()
        self._sslobj.sim_endpoint = self.endpoint


def note_clear(node: Node, ssl_object: Any, data: bytes) -> None:
    """Something was encrypted: what it was is evidence. Libraries that encrypt by themselves tell no stream."""
    endpoint: Endpoint | None = getattr(ssl_object, "sim_endpoint", None)
    if endpoint is not None:
        endpoint.has_spoken = True
    link = endpoint.name if endpoint is not None else node.name
    node.kernel.log.append(Net(node.kernel.clock.now, node.span, "clear", link, len(data), crc32(data)))


def secured(endpoint: Endpoint, protocol: Any, tls: Tls, waiter: Any = None, server: Any = None) -> Any:
    """A transport that speaks TLS over a stream."""
    context, is_server, name, handshake, shutdown = tls
    loop = endpoint.loop
    made = _protocol(loop, protocol, waiter, (_context(context, name), is_server, name, handshake, shutdown), True)
    made.endpoint = endpoint
    SimTransport(loop, made, endpoint, {"socket": SimSocket.over(endpoint)}, server).begin()
    return made._app_transport


async def upgraded(loop: Any, transport: SimTransport, protocol: Any, tls: Tls) -> Any:
    """A stream that goes on as TLS. *Errors*: `TypeError` for a transport of somebody else."""
    context, is_server, name, handshake, shutdown = tls
    if not isinstance(transport, SimTransport):
        raise TypeError(f"transport {transport!r} is not supported by start_tls()")
    waiter = loop.create_future()
    made = _protocol(loop, protocol, waiter, (context, is_server, name, handshake, shutdown), False)
    made.endpoint = transport._endpoint
    transport.pause_reading()
    transport.set_protocol(made)
    began = loop.call_soon(made.connection_made, transport)
    resumed = loop.call_soon(transport.resume_reading)
    try:
        await waiter
    except BaseException:
        transport.close()
        began.cancel()
        resumed.cancel()
        raise
    return made._app_transport


def _context(context: Any, name: str | None) -> Any:
    return ssl.create_default_context() if context is True else context


def _protocol(loop: Any, protocol: Any, waiter: Any, tls: Tls, call_made: bool) -> EvidentTls:
    context, is_server, name, handshake, shutdown = tls
    return EvidentTls(
        loop, protocol, context, waiter, is_server, name, call_made,
        ssl_handshake_timeout=handshake, ssl_shutdown_timeout=shutdown,
    )  # fmt: skip
