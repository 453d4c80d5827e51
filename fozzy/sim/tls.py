"""TLS over simulated streams: asyncio's own protocol over memory buffers.

OpenSSL's randomness is not ours, so what travels differs from run to run and is no evidence; what was encrypted is.
A handshake differs in length too (signatures do), so it takes no bandwidth: until a side has encrypted something of the
program's, what it sends weighs nothing.
"""

from __future__ import annotations

import ssl
from asyncio import sslproto
from typing import TYPE_CHECKING, Any
from zlib import crc32

from fozzy.core.events import Net
from fozzy.sim.transports import SimTransport

if TYPE_CHECKING:
    from fozzy.sim.streams import Endpoint

Tls = tuple[Any, bool, str | None, float | None, float | None]  # context, server's side, name, two timeouts


# asyncio's own, which its stubs know only in part.
SslProtocol: Any = sslproto.SSLProtocol


class EvidentTls(SslProtocol):  # type: ignore[misc]
    """asyncio's protocol, which also records what is encrypted."""

    endpoint: Any = None

    def over(self, endpoint: Endpoint) -> None:
        """From now on it speaks over this stream."""
        self.endpoint = endpoint
        endpoint.is_secret, endpoint.is_weighed = True, False

    def _write_appdata(self, list_of_data: Any) -> None:
        endpoint, kernel = self.endpoint, self._loop.kernel
        endpoint.is_weighed = True
        for data in list_of_data:
            clear = bytes(data)
            kernel.log.append(
                Net(kernel.clock.now, endpoint.node.span, "clear", endpoint.name, len(clear), crc32(clear))
            )
        super()._write_appdata(list_of_data)


def secured(
    loop: Any, endpoint: Endpoint, protocol: Any, waiter: Any, tls: Tls, extra: dict[str, Any], server: Any = None
) -> Any:
    """A transport that speaks TLS over a stream."""
    context, is_server, name, handshake, shutdown = tls
    made = _protocol(loop, protocol, waiter, (_context(context, name), is_server, name, handshake, shutdown), True)
    made.over(endpoint)
    SimTransport(loop, made, endpoint, extra, server).begin()
    return made._app_transport


async def upgraded(loop: Any, transport: SimTransport, protocol: Any, tls: Tls) -> Any:
    """A stream that goes on as TLS. *Errors*: `TypeError` for a transport of somebody else."""
    context, is_server, name, handshake, shutdown = tls
    if not isinstance(transport, SimTransport):
        raise TypeError(f"transport {transport!r} is not supported by start_tls()")
    waiter = loop.create_future()
    made = _protocol(loop, protocol, waiter, (context, is_server, name, handshake, shutdown), False)
    made.over(transport._endpoint)
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
