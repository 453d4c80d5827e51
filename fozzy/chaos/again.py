"""Sends a recorded request once more, through the proxy, as a client of its own."""

from __future__ import annotations

import contextlib
import ssl

import trio

from fozzy.core.exchange import Asked, Exchange

ANSWER_S = 60.0
READ_BYTES = 65536
_HOP = frozenset(
    b"connection keep-alive proxy-connection te trailer transfer-encoding upgrade expect content-length".split()
)


def cannot(exchange: Exchange) -> str:
    """Why a request cannot be sent again; empty where it can."""
    request = exchange.request
    if len(request.body.data()) != request.bytes:
        return "its body was not kept whole"
    if request.method == "CONNECT" or any(name.lower() == "upgrade" for name, _ in request.headers):
        return "it was no plain request"
    return ""


def as_bytes(request: Asked) -> bytes:
    """A request as it goes over the wire, on a connection of its own."""
    lines = [f"{request.method} {request.target} HTTP/1.1".encode("latin-1")]
    for name, value in request.headers:
        spelled = name.encode("latin-1")
        if spelled.lower() not in _HOP:
            lines.append(b"%b: %b" % (spelled, value.encode("latin-1")))
    body = request.body.data()
    if body or request.bytes or request.chunked:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"Connection: close", b"", body])


async def send(request: Asked, host: str, port: int, *, tls: bool) -> None:
    """Send it and read its answer away; how it ends is in the journal. *Limits*: `ANSWER_S`. *Closes*: its connection."""
    with contextlib.suppress(OSError, trio.BrokenResourceError), trio.move_on_after(ANSWER_S):
        plain = await trio.open_tcp_stream(host, port)
        stream: trio.abc.Stream = plain
        if tls:
            stream = trio.SSLStream(plain, _context(), server_hostname=host, https_compatible=True)
        async with stream:
            await stream.send_all(as_bytes(request))
            while await stream.receive_some(READ_BYTES):
                pass


def _context() -> ssl.SSLContext:
    """It is our own listener: who it says it is does not matter."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
