"""How many connections the system leaves room for: a process may have only so many file descriptors.

Each connection of a client may need one more to upstream. Where there is no room a client is told so, and not left to
wait for others to go.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys

from fozzy.chaos.http.ends import End

PLENTY = 1 << 30  # where the system says no limit
RESERVE = 64  # for files, controls, pipes of the event loop and what else a process has open
SHARE = 2.5  # of a connection: the client's, upstream's, and those above the most that are told so


def room() -> int:
    """How many clients can be connected at once."""
    return max(1, int((_limits()[0] - RESERVE) / SHARE))


def make_room(connections: int) -> int:
    """Have the system leave room for so many, as far as it lets us. Returns how many there is room for."""
    soft, hard = _limits()
    wanted = min(hard, int(connections * SHARE) + RESERVE + 1)
    if sys.platform != "win32" and wanted > soft:
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return room()


def _limits() -> tuple[int, int]:
    """What holds now, and what could be asked for."""
    if sys.platform == "win32":
        return PLENTY, PLENTY
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    none = resource.RLIM_INFINITY
    return PLENTY if soft == none else soft, PLENTY if hard == none else hard


class Spare:
    """A file descriptor in reserve, so that a client for whom there is none is turned away. *Closes*: `close`."""

    def __init__(self) -> None:
        self._number = -1
        self._keep()

    def turn_away(self, listener: socket.socket) -> None:
        """Accept one connection and reset it."""
        self.close()
        with contextlib.suppress(OSError):
            End(listener.accept()[0]).close(at_once=True)
        self._keep()

    def close(self) -> None:
        """Let go of it."""
        if self._number >= 0:
            os.close(self._number)
            self._number = -1

    def _keep(self) -> None:
        with contextlib.suppress(OSError):
            self._number = os.open(os.devnull, os.O_RDONLY)
