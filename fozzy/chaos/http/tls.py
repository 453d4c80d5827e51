"""TLS over an end: the library's own state machine between two buffers, and nothing of a stream.

One task may read and another write, as with a plain end; what is to be sent leaves in order, behind a lock.
"""

from __future__ import annotations

import contextlib
import socket
import ssl

import trio

from fozzy.chaos.http.ends import READ_BYTES, End
from fozzy.chaos.http.wire import Listening, Upstream
from fozzy.errors import InputError


class SecureEnd(End):
    """An end that speaks TLS. `host` is whose certificate is asked for; none for a server's side. *Closes*: `close`."""

    __slots__ = ("_in", "_lock", "_out", "_tls")

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, host: str | None = None) -> None:
        super().__init__(sock)
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._lock = trio.Lock()
        self._tls = context.wrap_bio(self._in, self._out, server_side=host is None, server_hostname=host)

    async def handshake(self) -> None:
        """Begin; nothing may be sent or received before. *Errors*: `OSError`, `ssl.SSLError` among them."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    await self._flush()  # the alert that tells the other side why
                raise
            else:
                return await self._flush()

    async def recv(self) -> bytes:
        while True:
            try:
                return self._tls.read(READ_BYTES)
            except ssl.SSLWantReadError:
                if self._out.pending:
                    await self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self._tls.write(view[:READ_BYTES])
            view = view[READ_BYTES:]
            await self._flush()

    async def finish(self) -> None:
        """Say that we say nothing more. *Errors*: `OSError`."""
        self._goodbye()
        await self._flush()

    def is_clean(self) -> bool:
        return not self._tls.pending() and not self._in.pending and super().is_clean()

    def close(self, *, at_once: bool = False) -> None:
        if not at_once and self.socket.fileno() >= 0:
            self._goodbye()
            with contextlib.suppress(OSError):
                self.socket.send(self._out.read())
        super().close(at_once=at_once)

    def _goodbye(self) -> None:
        with contextlib.suppress(ssl.SSLError, ValueError):
            self._tls.unwrap()

    async def _fill(self) -> None:
        data = await super().recv()
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()

    async def _flush(self) -> None:
        async with self._lock:
            if self._out.pending:
                await super().send(self._out.read())


def listener_context(listening: Listening) -> ssl.SSLContext | None:
    """What a listener presents; none where it does not speak TLS. *Errors*: `InputError`."""
    if listening.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(listening.tls_cert, listening.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            "chaos.tls",
            f'the certificate "{listening.tls_cert}" and its key cannot be used: {error}',
            hint="give PEM files: the certificate, and its key there too or in a file of its own",
        ) from None
    return context


def upstream_context(upstream: Upstream) -> ssl.SSLContext:
    """What is believed of upstreams. *Errors*: `InputError`."""
    try:
        context = ssl.create_default_context(cafile=upstream.ca)
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            "chaos.tls", f'the certificates "{upstream.ca}" cannot be used: {error}', hint="give a file of PEM blocks"
        ) from None
    context.set_alpn_protocols(["http/1.1"])
    if not upstream.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
