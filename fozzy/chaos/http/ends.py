"""One end of a connection: bytes in and out, and the ways to end it. Plain sockets are read and written directly.

trio's streams cost as much as all the rest of a request; so a plain end is a non-blocking socket and trio's waiting for
it. TLS (`tls.SecureEnd`) has the same few methods. All of them raise `OSError` alone.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys

import trio
from trio.lowlevel import wait_readable, wait_writable

from fozzy.errors import UsageError

try:
    import fcntl
    import termios
except ImportError:  # Windows has no such question
    fcntl = None  # type: ignore[assignment]

READ_BYTES = 65536  # of one read; what a connection holds at most of what it has not handled
FLUSH_LOOK_S = 0.001
ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPALIVE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}  # seconds, and how often
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST and drops what was not sent


class End:
    """A plain end. *Closes*: `close`."""

    __slots__ = ("socket",)

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock

    async def recv(self) -> bytes:
        """What comes next, nothing at the end. *Errors*: `OSError`."""
        while True:
            await wait_readable(self.socket)
            try:
                return self.socket.recv(READ_BYTES)
            except BlockingIOError:
                continue

    async def send(self, data: bytes) -> None:
        """Send all of it; returns without waiting where the system takes it. *Errors*: `OSError`."""
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent != len(data):
            await self._send_rest(memoryview(data)[sent:])

    async def finish(self) -> None:
        """End our half: the other side reads an end, and may still send. *Errors*: `OSError`."""
        self.socket.shutdown(socket.SHUT_WR)

    async def flush(self, seconds: float) -> None:
        """Wait until the other side's system has all that was sent: what has not left yet a reset takes back."""
        with trio.move_on_after(seconds):
            while self._unsent_bytes():
                await trio.sleep(FLUSH_LOOK_S)

    def keep_alive(self) -> None:
        """Have the system ask now and then whether the other side is still there, as far as it can."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in ALIVE.items():
                if hasattr(socket, name):
                    self.socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def is_clean(self) -> bool:
        """Whether the connection is open and nothing has come that nobody asked for."""
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def is_open(self) -> bool:
        """Whether the other side has ended nothing; not known, so true, where something unread stands before an end."""
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def is_lost(self) -> bool:
        """Whether the other side has said that it hears nothing any more; to end its own half does not say that.

        The system tells it once.
        """
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    def close(self, *, at_once: bool = False) -> None:
        """Close it; `at_once` with RST, so that the other side sees a reset and not an end."""
        if at_once:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.socket.close()

    def _unsent_bytes(self) -> int:
        if fcntl is None or self.socket.fileno() < 0:
            return 0
        try:
            found = fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0
        return int.from_bytes(found, sys.byteorder)

    async def _send_rest(self, rest: memoryview) -> None:
        while rest:
            await wait_writable(self.socket)
            with contextlib.suppress(BlockingIOError):
                rest = rest[self.socket.send(rest) :]


def listener_at(host: str, port: int, backlog: int) -> socket.socket:
    """A socket that listens there, 0 for any port. *Errors*: `UsageError` where it cannot. *Closes*: the caller."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=backlog)
    except (OSError, OverflowError) as error:
        raise cannot_listen(host, port, error) from None
    listener.setblocking(False)
    return listener


def cannot_listen(host: str, port: int, error: Exception) -> UsageError:
    """What is said where an address is not to be had."""
    why = (getattr(error, "strerror", None) or str(error)).partition(" (while")[0]  # Python says the address again
    return UsageError("chaos.listen", f"cannot listen on {host}:{port}: {why}", hint="take another port, or 0")
