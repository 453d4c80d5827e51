"""A port of loopback that is a service's own, also while nobody listens there."""

from __future__ import annotations

import contextlib
import socket


class KeptPort:
    """While it is held who comes is refused, and the system gives it to nobody else. *Closes*: `let_go`."""

    def __init__(self) -> None:
        self.number = 0  # before there is one
        self._held: socket.socket | None = None

    def find(self) -> None:
        """Hold another one, which is free."""
        self.let_go()
        self.number = 0
        self.hold()

    def hold(self) -> None:
        """Hold the one there is."""
        if self._held is None:
            self._held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # somebody was quicker; starting it says so
                self._held.bind(("127.0.0.1", self.number))
            self.number = self.number or self._held.getsockname()[1]

    def let_go(self) -> None:
        """Somebody is about to listen there, or nobody will any more."""
        held, self._held = self._held, None
        if held is not None:
            held.close()
