"""A proxy in a process of its own before an upstream on threads, for tests that do it harm and look what is left.

After each test nothing may be left of it: no connection, no request in flight, no file descriptor.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.chaos.http.harness import everything
from tests.chaos.started import Started
from tests.chaos.upstream import Upstream

SOON_S = 20.0
QUICK = ["--header-timeout", "500ms", "--body-timeout", "500ms", "--connect-timeout", "1s", "--answer-timeout", "2s"]


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    end_s = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < end_s, f"it did not happen: {what}"
        time.sleep(0.01)


def descriptors(pid: int) -> int:
    """How many file descriptors a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_mb(pid: int) -> float:
    """What a process holds in memory."""
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


class Site:
    """The two, and what the proxy's journal says."""

    def __init__(self, proxy: Started, upstream: Upstream) -> None:
        self.proxy = proxy
        self.upstream = upstream
        self.descriptors = 0
        self.settle()
        self.descriptors = descriptors(proxy.pid)

    def connect(self) -> socket.socket:
        """A connection to the proxy."""
        sock = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=SOON_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def ask(self, data: bytes) -> bytes:
        """What comes back to these bytes until the connection ends; of one that is reset nothing but that."""
        with self.connect() as sock, suppress(BrokenPipeError):
            sock.sendall(data)
            return rest(sock)
        return b"reset"

    def get(self, path: str, *headers: str) -> bytes:
        """What comes back to a plain request."""
        rows = "".join(f"{row}\r\n" for row in headers)
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{rows}\r\n".encode())

    def entries(self, path: str, count: int = 1) -> list[Any]:
        """The journal's entries of a path, as soon as there are so many; of large ones those of the first page."""
        page: dict[str, Any] = {}

        def is_there() -> bool:
            page.update(self.proxy.controls("GET", f"/fozzy/journal?path={path}"))
            return int(page["total"]) >= count

        until(is_there, f"{count} entries of {path}")
        assert page["total"] == count, page
        return list(page["entries"])

    def entry(self, path: str) -> Any:
        """The one entry of a path."""
        return self.entries(path)[0]

    def settle(self) -> None:
        """Wait until nothing is left of what was done: no connection on either side, nothing in flight."""
        self.upstream.cut()
        load: dict[str, int] = {}

        def is_calm() -> bool:
            load.update(self.proxy.controls("GET", "/fozzy/status")["load"])
            return not load["requests"] and not load["connections"]

        until(is_calm, f"nothing in flight: {load}")
        if self.descriptors:
            until(self._is_closed, "the descriptors are closed")

    def _is_closed(self) -> bool:
        self.upstream.cut()  # also what was opened since
        return descriptors(self.proxy.pid) <= self.descriptors


def rest(sock: socket.socket) -> bytes:
    """All that comes until the connection ends; of one that is reset nothing but that."""
    try:
        return everything(sock)
    except ConnectionResetError:
        return b"reset"
