"""A connection to a service in real time, whatever clock the test is on: for asking it without clients and proxies.

Python's own sockets may wait on a shared clock meanwhile, so this one never blocks: it polls.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket

READ_BYTES = 65536
LEAVE_MS = 1000  # one that stands still does not notice
SOON_S = 30.0  # for what must come, on a machine that is busy with other things


class Wire:
    """One connection. *Errors*: `OSError`; `TimeoutError` after `within_s`. *Closes*: as a context, or by `close`."""

    def __init__(self, port: int, within_s: float = SOON_S) -> None:
        self._within_ms = round(within_s * 1000)
        self._ahead = bytearray()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.setblocking(False)
            self._connect(port)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def leave(self, farewell: bytes = b"") -> None:
        """End it, and wait a moment until the service has noticed."""
        self._within_ms = LEAVE_MS
        with self._socket, contextlib.suppress(OSError):
            self.send(farewell)
            self._socket.shutdown(socket.SHUT_WR)
            while self._read():
                pass

    def send(self, data: bytes) -> None:
        """All of it."""
        left = memoryview(data)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)

    def some(self) -> bytes:
        """What comes next; empty at the end."""
        if self._ahead:
            found, self._ahead = bytes(self._ahead), bytearray()
            return found
        return self._read()

    def until(self, mark: bytes) -> bytes:
        """What comes up to a mark, which is taken away. *Errors*: `ConnectionError` where the end comes first."""
        while mark not in self._ahead:
            self._more()
        found = bytes(self._ahead[: self._ahead.index(mark)])
        del self._ahead[: len(found) + len(mark)]
        return found

    def exactly(self, size: int) -> bytes:
        """So many bytes. *Errors*: `ConnectionError` where the end comes first."""
        while len(self._ahead) < size:
            self._more()
        found = bytes(self._ahead[:size])
        del self._ahead[:size]
        return found

    def _more(self) -> None:
        new = self._read()
        if not new:
            raise ConnectionResetError("the service closed the connection")
        self._ahead += new

    def _read(self) -> bytes:
        while True:
            try:
                return self._socket.recv(READ_BYTES)
            except BlockingIOError:
                self._wait(select.POLLIN)

    def _connect(self, port: int) -> None:
        try:
            self._socket.connect(("127.0.0.1", port))
        except BlockingIOError:
            self._wait(select.POLLOUT)
        number = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, os.strerror(number))

    def _wait(self, wanted: int) -> None:
        poll = select.poll()
        poll.register(self._socket, wanted)
        if not poll.poll(self._within_ms):
            raise TimeoutError("the service does not answer")
