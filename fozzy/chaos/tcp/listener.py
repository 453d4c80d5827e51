"""A listener: the port of one proxy, kept as the engine's gate says, and the connections that came through it.

Rule 1: the gate is asked again when it says so, and after every connection and every decision where a toxic is about it.
Rule 2: where the system has no socket left for a client, that client is reset and not left to wait.
"""

from __future__ import annotations

import contextlib
import errno
from socket import IPPROTO_TCP, TCP_NODELAY
from socket import socket as Socket  # noqa: N812

from fozzy.chaos.files.values import Address
from fozzy.chaos.http.descriptors import Spare
from fozzy.chaos.http.ends import End
from fozzy.chaos.tcp.loop import Loop
from fozzy.chaos.tcp.port import Port
from fozzy.chaos.tcp.relay import Relay, Way
from fozzy.errors import UsageError
from fozzy.faults.tcp.message import NEVER_NS

ACCEPTED_MAX = 64  # in a row
EXHAUSTED_NS = 50_000_000  # how long to wait where the system has no socket left
TAKEN_NS = 1_000_000_000  # how long to wait where somebody else has the port
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Listener:
    """One proxy's. *Closes*: `close`."""

    def __init__(self, loop: Loop, proxy: str, port: Port, upstream: Address) -> None:
        self.port = port
        self.way = Way(proxy, upstream, self._over)
        self.relays: dict[Relay, None] = {}
        self.mode = ""  # the gate was not asked
        self.is_gated = False  # a toxic is about it
        self.spare = Spare()
        self._loop = loop
        self._retry = loop.alarms.alarm(lambda _: self.told(1))
        self._asked = loop.alarms.alarm(lambda _: self.ask())

    @property
    def socket(self) -> Socket:
        """What is watched."""
        return self.port.socket

    def ask(self) -> None:
        """Ask the gate, and do what it says; again soon where somebody else has the port meanwhile."""
        now_ns = self._loop.session.now_ns()
        gate = self._loop.session.engine.gate(self.way.proxy, now_ns)
        due_ns = gate.due_ns
        if gate.mode != self.mode:
            try:
                self._turn(gate.mode)
                self.mode = gate.mode
                self._loop.troubles.pop(self.way.proxy, None)
            except UsageError as error:
                self.mode, due_ns = "", min(due_ns, now_ns + TAKEN_NS)
                self._loop.troubles[self.way.proxy] = error
        self._asked.set(due_ns)

    def told(self, events: int) -> None:
        """Somebody connects."""
        try:
            for _ in range(ACCEPTED_MAX):
                if self.mode != "open":
                    return
                sock, address = self.socket.accept()
                self._welcome(sock, address)
            self._loop.again(self._more)
        except BlockingIOError:
            self._loop.watch.wants_read(self)
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self.spare.turn_away(self.socket)
            self._retry.set(self._loop.session.now_ns() + EXHAUSTED_NS)

    def cut(self, by: str) -> None:
        """End all connections."""
        for relay in list(self.relays):
            relay.settle()
            relay.end(by)

    def lead(self, upstream: Address) -> None:
        """From now on to another server."""
        if upstream != self.way.upstream:
            self.way = self.way._replace(upstream=upstream)
            self.cut("down")

    def close(self, by: str) -> None:
        """Accept no more, and end all connections. The port is whoever's it will be."""
        self._asked.set(NEVER_NS)
        self._retry.set(NEVER_NS)
        self._unwatch()
        self.mode = "over"
        if by != "stopped":  # else it stays what the run ended with
            self._loop.troubles.pop(self.way.proxy, None)
        self.spare.close()
        self.cut(by)

    def _more(self) -> None:
        if self.mode == "open":
            self.told(1)

    def _welcome(self, sock: Socket, address: tuple[str, int]) -> None:
        if self.port.was_filler(address):
            sock.close()
            return
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        End(sock).keep_alive()
        relay = Relay(self._loop, self.way, sock, str(Address(*address[:2])))
        self.relays[relay] = None
        relay.begin()
        if self.is_gated:
            self.ask()

    def _over(self, relay: Relay) -> None:
        self.relays.pop(relay, None)
        if self.is_gated:
            self._loop.again(self._ask_again)

    def _ask_again(self) -> None:
        """What ended a connection may close the port too."""
        if self.mode != "over":
            self.ask()

    def _turn(self, mode: str) -> None:
        """Open, close, or be silent."""
        if self.mode == "silent":
            self.port.unsilence()
        self._unwatch()
        if mode == "silent":
            self._open()
            self.port.silence()
        elif mode == "open":
            self._open()
            self._loop.watch.add(self)
        else:
            self.port.shut()
        if mode == "down":
            self.cut("down")

    def _open(self) -> None:
        if not self.port.is_open:
            self.port.open()

    def _unwatch(self) -> None:
        if self.port.is_open:
            self._loop.watch.drop(self)
