"""Ports for whoever is to be told one: free just now, and none that the system gives to who asks for any."""

from __future__ import annotations

import contextlib
import os
import socket

FIRST, COUNT = 10_000, 22_000  # below those that Linux and macOS give by themselves


def free_ports(count: int) -> list[int]:
    """So many, different for different processes."""
    found: list[int] = []
    port = os.getpid() * 37
    while len(found) < count:
        port += 1
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", FIRST + port % COUNT)) as free:
            found.append(int(free.getsockname()[1]))
    return found


def free_port() -> int:
    """One."""
    return free_ports(1)[0]
