"""A port before a server: open, closed, or silent. It has no task and decides nothing.

Rule 1: a port that is closed stays ours: it is bound and does not listen, so who connects is refused and nobody takes it.
Rule 2: a silent one has a queue that is full: who connects hears nothing, as from a machine that is gone.
"""

from __future__ import annotations

import contextlib
import os
import socket

from fozzy.chaos.files.values import Address, address
from fozzy.chaos.http.ends import cannot_listen
from fozzy.errors import InputError, UsageError

BACKLOG = 4096
FILLERS_MAX = 16  # connections of our own that fill a queue; systems count a little more than they were told


def place(text: str) -> Address:
    """An address as a plan spells it. *Errors*: `InputError`."""
    try:
        return address(text)
    except ValueError as error:
        raise InputError("chaos.bad_value", f"an address {error}") from None


class Port:
    """One. *Errors*: `UsageError` `chaos.listen`. *Closes*: `close`."""

    def __init__(self, asked: Address, *, is_wanted: bool = True) -> None:
        """It is shut. One that is not wanted now may be somebody else's."""
        self.asked = asked  # as it was spelled; 0 for any port
        self.address = asked
        self._socket: socket.socket | None = None
        try:
            self._socket = _bound(asked)
            self.address = Address(*self._socket.getsockname()[:2])  # the true one, also of a name
        except UsageError:
            if is_wanted or not asked.port:
                raise
        self.is_open = False
        self._fillers: dict[tuple[str, int], socket.socket] = {}

    @property
    def socket(self) -> socket.socket:
        """What to accept from, while it is open."""
        assert self._socket is not None
        return self._socket

    def open(self) -> None:
        """Let clients connect; they wait until they are accepted. *Errors*: `UsageError`."""
        try:
            if self._socket is None:
                self._socket = _bound(self.address)
            self._socket.listen(BACKLOG)
        except OSError as error:
            raise cannot_listen(*self.address, error) from None
        self.is_open = True

    def shut(self) -> None:
        """Refuse clients, also those that wait to be accepted."""
        self.close()
        with contextlib.suppress(
            UsageError
        ):  # whoever took it meanwhile: then it cannot be opened again, which is said
            self._socket = _bound(self.address)

    def silence(self) -> None:
        """Have clients hear nothing. Those that wait to be accepted must be gone."""
        self.socket.listen(0)
        for _ in range(FILLERS_MAX):
            if not self._fill():
                return

    def was_filler(self, address: tuple[str, int]) -> bool:
        """Whether a connection that was accepted is one of our own; once, since its port may be a client's later."""
        filler = self._fillers.pop(address[:2], None)
        if filler is not None:
            filler.close()
        return filler is not None

    def unsilence(self) -> None:
        """Let clients connect again. Our own connections are among those that are accepted."""
        for filler in self._fillers.values():
            filler.close()
        self.socket.listen(BACKLOG)

    def close(self) -> None:
        """Give it back."""
        for filler in self._fillers.values():
            filler.close()
        self._fillers.clear()
        self.is_open = False
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()

    def _fill(self) -> bool:
        """Take a place in the queue; whether there was one."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.address.host, self.address.host)
        filler = socket.socket(self.socket.family, socket.SOCK_STREAM)
        filler.setblocking(False)
        try:
            with contextlib.suppress(BlockingIOError):
                filler.connect((host, self.address.port))
            filler.getpeername()  # on this machine a connection is there at once, or not at all
        except OSError:
            filler.close()
            return False
        self._fillers[filler.getsockname()[:2]] = filler
        return True


def _bound(address: Address) -> socket.socket:
    """A socket of this address that does not listen. *Errors*: `UsageError`."""
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            if os.name == "posix":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setblocking(False)
            sock.bind(tuple(address))
        except BaseException:
            sock.close()
            raise
    except (OSError, OverflowError) as error:
        raise cannot_listen(*address, error) from None
    return sock
