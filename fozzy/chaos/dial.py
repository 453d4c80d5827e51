"""How connections to others are made: every address of a host is tried in its order, none of them blocks."""

from __future__ import annotations

import contextlib
import os
import socket

import trio
from trio.lowlevel import wait_writable


class NoSuchHost(OSError):
    """A name that nobody knows."""


async def dial(host: str, port: int) -> socket.socket:
    """A new connection, whichever address of the host answers; it does not block. *Errors*: `OSError`, `NoSuchHost`."""
    try:
        found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoSuchHost(str(error)) from None
    last: OSError = NoSuchHost("it has no address")
    for family, _, protocol, _, address in found:
        try:
            return await _connected(family, protocol, address)
        except OSError as error:
            last = error
    raise last


def said_of(error: OSError) -> str:
    """What went wrong, in the system's words."""
    return os.strerror(error.errno) if error.errno else str(error)


async def _connected(family: int, protocol: int, address: object) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            sock.connect(address)  # type: ignore[arg-type]  # as the system gave it
        await wait_writable(sock)
        failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed:
            raise OSError(failed, os.strerror(failed))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock
