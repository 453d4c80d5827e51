"""A relay: one connection of a client, ours to the server, and the link between them that decides.

Rule 1: where nothing can happen to bytes (`link.is_plain`) they go on as they came, and the engine only hears how many.
Rule 2: an end of one side reaches the other as what it is, FIN or RST, behind the bytes before it; a half that ended
leaves the other half open.
Rule 3: whose receiver takes no more is not read. A cut is carried out all the same.
Rule 4: a relay is over once; then the link tells what became of it, and its sockets leave by themselves (`leaving`).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import NamedTuple

from fozzy.chaos.dial import dial, said_of
from fozzy.chaos.files.values import Address
from fozzy.chaos.tcp.leaving import leave
from fozzy.chaos.tcp.loop import Loop
from fozzy.chaos.tcp.side import Side
from fozzy.faults.tcp.link import Link
from fozzy.faults.tcp.message import NEVER_NS, Cut, Ending, How
from fozzy.faults.tcp.plan import STREAMS, Stream

READ_BYTES = 65536  # of one read where something can happen to it
READS_MAX = 2  # in a row; then the others have their turn


class Way(NamedTuple):
    """Whom a relay is for: the proxy, its server, and who hears that it is over."""

    proxy: str
    upstream: Address
    over: Callable[[Relay], None]


class Relay:
    """One connection. *Closes*: `end`, or whoever of the two sides, or a toxic, ends it."""

    def __init__(self, loop: Loop, way: Way, sock: socket.socket, client: str) -> None:
        self.loop = loop
        self.way = way
        self.link: Link = loop.session.engine.connect(way.proxy, client, loop.session.now_ns())
        self.client = Side(sock, "upstream", self, loop.watch)
        self.server: Side | None = None
        self.is_over = False
        self._by = ""
        self._early: How | None = None  # the end that a toxic gives the server, before there is one
        self._giving: Stream | None = None
        alarms = loop.alarms
        self._up, self._down = (
            alarms.alarm(lambda _: self._due("upstream")),
            alarms.alarm(lambda _: self._due("downstream")),
        )

    def begin(self) -> None:
        """The client is there."""
        self.link.wake = self._woken
        self.link.is_held_up = self._is_backed_up
        self.link.is_dialing = True
        self.loop.watch.add(self.client)
        for stream in STREAMS:
            self._give(stream)
        if not self.is_over:
            self.loop.spawn(self._reach)

    def settle(self) -> None:
        """Hand on what is ready now: a toxic may have ended it already."""
        for stream in STREAMS:
            self._due(stream)

    def end(self, by: str, how: How = "fin") -> None:
        """End it for both sides; what waits is dropped."""
        if self.is_over:
            return
        for side in (self.client, self.server):
            if side is not None:
                side.waiting.clear()
        for flow in self.link.flows.values():
            flow.given = flow.given or how
        self._end(by, how, how)

    def told(self, side: Side, is_failed: bool) -> None:
        """A socket has something to read, or took what waited."""
        try:
            self._told(side, is_failed)
        except Exception as bug:
            self.loop.bug(bug)
            self.end("bug", "rst")

    # what a side sends

    def _told(self, side: Side, is_failed: bool) -> None:
        if side.ending is not None and not side.waiting:
            self._end_half(side)
        self._pump(side)
        other = self._other(side)
        if other is not None and other.is_readable:
            self._pump(other)
        if is_failed and not self.is_over:
            self._failed(side)

    def _pump(self, side: Side) -> None:
        """Read what there is and hand it on, as long as it is taken."""
        other = self._other(side)
        if other is None:
            return
        for _ in range(READS_MAX):
            if not side.is_readable or side.heard is not None or self.is_over or self._is_held_up(side, other):
                return
            size = self._passed(side, other) if self.link.is_plain else self._received(side)
            if size == 0:
                self._heard(side)
        if side.is_readable:
            self.loop.again(self._pump_client if side is self.client else self._pump_server)

    def _passed(self, side: Side, other: Side) -> int:
        buffer = self.loop.buffer
        size = side.read_into(buffer)
        if size > 0:
            self.link.passed(side.stream, size, self.loop.session.now_ns())
            other.say(buffer[:size])
            if other.is_deaf:
                self._lost(other)
        return size

    def _received(self, side: Side) -> int:
        buffer = self.loop.buffer
        size = side.read_into(buffer[:READ_BYTES])
        if size > 0:
            self._giving = side.stream
            self.link.received(side.stream, bytes(buffer[:size]), self.loop.session.now_ns())
            self._give(side.stream)
        return size

    def _heard(self, side: Side) -> None:
        """Its end."""
        assert side.heard is not None
        self._by = self._by or self._name(side)
        self._giving = side.stream
        self.link.ended(side.stream, side.heard, self.loop.session.now_ns())
        self._give(side.stream)
        if not self.is_over and self.link.is_spent:
            self._end(self._by, "fin", "fin")

    def _failed(self, side: Side) -> None:
        """It was reset; what it sent before is read first, unless nobody takes it."""
        other = self._other(side)
        if other is None or side.heard == "fin":
            self._gone(side)
        elif side.heard is None and self._is_held_up(side, other):
            side.is_deaf, side.heard = True, "rst"
            self._heard(side)

    def _lost(self, side: Side) -> None:
        """It could not be told something: nobody hears it. What it sent before is still read."""
        if side.heard == "fin":
            self._gone(side)
        elif side.heard is None:
            self.loop.again(self._pump_client if side is self.client else self._pump_server)

    def _gone(self, side: Side) -> None:
        """It was reset after its half had ended in good order: the other side hears that too."""
        self._by = self._by or self._name(side)
        self._end(self._by, "rst", "rst")

    # what a side gets

    def _due(self, stream: Stream) -> None:
        """Something of this stream is due."""
        try:
            self._give(stream)
            sender = self.client if stream == "upstream" else self.server
            if sender is not None and sender.is_readable:
                self._pump(sender)
        except Exception as bug:
            self.loop.bug(bug)
            self.end("bug", "rst")

    def _give(self, stream: Stream) -> None:
        """Hand on what the stream's receiver gets now."""
        if self.is_over:
            return
        self._giving = stream
        receiver = self.server if stream == "upstream" else self.client
        for out in self.link.take(stream, self.loop.session.now_ns()):
            if type(out) is Cut:
                self._cut(stream, out)
            elif type(out) is Ending:
                self._ended(receiver, out.how)
            elif receiver is not None and not self.is_over:
                receiver.say(out)  # type: ignore[arg-type]  # bytes
        self._giving = None
        if receiver is not None and receiver.is_deaf and not self.is_over:
            self._lost(receiver)
        if not self.is_over:
            (self._up if stream == "upstream" else self._down).set(self.link.due_ns(stream))

    def _ended(self, receiver: Side | None, how: How) -> None:
        if self.is_over:
            return
        if how == "rst":
            self._end(self._by, "rst", "rst")
            return
        if receiver is None:
            self._early = how
            return
        receiver.ending = how
        if not receiver.waiting:
            self._end_half(receiver)

    def _end_half(self, side: Side) -> None:
        side.ending = None
        side.end_half()
        if self.server is not None and self.client.given and self.server.given:
            self._end(self._by, "fin", "fin")

    def _cut(self, stream: Stream, cut: Cut) -> None:
        ends: tuple[How, How] = (cut.to_receiver, cut.to_sender)
        to_server, to_client = ends if stream == "upstream" else (ends[1], ends[0])
        self._end(cut.toxic, to_client, to_server)

    def _end(self, by: str, to_client: How, to_server: How) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._up.set(NEVER_NS)
        self._down.set(NEVER_NS)
        leave(self.client, to_client, self.loop)
        if self.server is not None:
            leave(self.server, to_server, self.loop)
        self.link.wake = _nobody
        self.link.close(by, self.loop.session.now_ns())
        self.way.over(self)

    # the server

    async def _reach(self) -> None:
        """Connect to the server. What the client sends meanwhile waits with the system."""
        try:
            sock = await dial(*self.way.upstream)
        except OSError as error:
            return self._unreachable(error)
        finally:
            self.link.is_dialing = False
        if self.is_over:
            return sock.close()
        self.server = server = Side(sock, "downstream", self, self.loop.watch)
        server.keep_alive()
        self.loop.watch.add(server)
        if self._early is not None:
            self._ended(server, self._early)
        return self.told(self.client, is_failed=False)

    def _unreachable(self, error: OSError) -> None:
        if self.is_over:
            return
        self.link.notes.append(f"{self.way.upstream} cannot be reached: {said_of(error)}")
        self.link.flows["downstream"].given = "rst"
        self._end("unreachable", "rst", "rst")

    # inside

    def _woken(self, stream: Stream) -> None:
        """The engine has something for a stream, while it is at work for another."""
        if stream != self._giving:
            self.loop.again(self._give_up if stream == "upstream" else self._give_down)

    def _give_up(self) -> None:
        self._due("upstream")

    def _give_down(self) -> None:
        self._due("downstream")

    def _pump_client(self) -> None:
        self.told(self.client, is_failed=False)

    def _pump_server(self) -> None:
        if self.server is not None:
            self.told(self.server, is_failed=False)

    def _other(self, side: Side) -> Side | None:
        return self.server if side is self.client else self.client

    def _is_held_up(self, side: Side, other: Side) -> bool:
        return bool(other.waiting) or not (self.link.is_plain or self.link.has_room(side.stream))

    def _is_backed_up(self) -> bool:
        return bool(self.client.waiting)

    def _name(self, side: Side) -> str:
        return "client" if side is self.client else "server"


def _nobody(_: Stream) -> None:
    """It is over."""
