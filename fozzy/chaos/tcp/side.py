"""One end of a relayed connection: a socket, what waits to be sent to it, and how each half of it ended.

Rule 1: what is sent goes at once as far as the system takes it; the rest waits in order, and its sender is not read.
Rule 2: an end of the other side is heard once, as what it is: FIN, or RST, which the system may tell on any call.
"""

from __future__ import annotations

import socket
import sys
from collections import deque
from typing import TYPE_CHECKING

from fozzy.chaos.http.ends import End
from fozzy.chaos.tcp.watch import FAILED, READ, WRITE, Watch
from fozzy.faults.tcp.message import How
from fozzy.faults.tcp.plan import Stream

try:
    import fcntl
except ImportError:  # Windows has no such question
    fcntl = None  # type: ignore[assignment]

NOT_SENT = 0x894B  # SIOCOUTQNSD of Linux

if TYPE_CHECKING:
    from fozzy.chaos.tcp.relay import Relay


class Side(End):
    """One of the two. `stream` is the one whose sender it is."""

    __slots__ = (
        "_relay",
        "_watch",
        "ending",
        "given",
        "has_ended",
        "heard",
        "is_deaf",
        "is_readable",
        "stream",
        "waiting",
    )

    def __init__(self, sock: socket.socket, stream: Stream, relay: Relay, watch: Watch) -> None:
        super().__init__(sock)
        self.stream: Stream = stream
        self.waiting: deque[memoryview] = deque()  # to be sent
        self.is_readable = False  # as far as we know
        self.has_ended = False  # the other side ended something, so the end must be read for
        self.is_deaf = False  # it hears nothing any more: it was reset
        self.heard: How | None = None  # the end that was read
        self.given: How | None = None  # the end that it got
        self.ending: How | None = None  # the end that it gets behind what waits
        self._relay = relay
        self._watch = watch

    def told(self, events: int) -> None:
        if events & ~WRITE:
            self.is_readable = True
            if events & ~(READ | WRITE):
                self.has_ended = True
        if self.waiting:
            self.flush_waiting()
        self._relay.told(self, events & FAILED != 0)

    def read_into(self, buffer: memoryview) -> int:
        """What is there: its size; 0 at an end (`heard` says which), -1 where there is nothing yet."""
        try:
            size = self.socket.recv_into(buffer)
        except BlockingIOError:
            self._nothing_there()
            return -1
        except OSError:
            self.is_deaf = True
            self.heard = "rst"
            return 0
        if size == 0:
            self.heard = "rst" if self.is_deaf else "fin"
        elif size < len(buffer) and not self.has_ended:
            self._nothing_there()
        return size

    def say(self, data: bytes | memoryview) -> None:
        """Send it, or have it wait."""
        if self.is_deaf:
            return
        if not self.waiting:
            try:
                sent = self.socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._lose()
                return
            if sent == len(data):
                return
            data = data[sent:]
            if self._watch.is_asked:
                self._watch.wants_write(self)
        self.waiting.append(memoryview(bytes(data)))

    def flush_waiting(self) -> None:
        """Send what waits, as far as the system takes it."""
        waiting = self.waiting
        try:
            while waiting:
                piece = waiting[0]
                sent = self.socket.send(piece)
                if sent == len(piece):
                    waiting.popleft()
                else:
                    waiting[0] = piece[sent:]
        except BlockingIOError:
            if self._watch.is_asked:
                self._watch.wants_write(self)
        except OSError:
            self._lose()

    def end_half(self) -> None:
        """It reads an end, and may still send."""
        self.given = "fin"
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.is_deaf = True

    def _nothing_there(self) -> None:
        self.is_readable = False
        if self._watch.is_asked:
            self._watch.wants_read(self)

    def _lose(self) -> None:
        """Nobody hears us any more; what it sent before can still be read."""
        self.waiting.clear()
        self.is_deaf = self.is_readable = self.has_ended = True

    def unsent_bytes(self) -> int:
        """How much a reset would take back: what the other side's system may not have yet."""
        if fcntl is None or not self._is_same_machine():
            return self._unsent_bytes()
        try:
            found = fcntl.ioctl(self.socket, NOT_SENT, bytes(4))
        except OSError:
            return 0
        return int.from_bytes(found, sys.byteorder)

    def _is_same_machine(self) -> bool:
        """Whether what was sent has arrived: there is no wire in between. Elsewhere it must be acknowledged."""
        try:
            here, there = self.socket.getsockname(), self.socket.getpeername()
        except OSError:
            return False
        return sys.platform == "linux" and bool(here[0] == there[0])
