"""Streams between machines, as TCP has them: opened, accepted or refused, in order, with backpressure, half-closed,
closed, reset.

Rule 1: an `Endpoint` belongs to one run of a program. When its machine loses power nobody is told: whoever sends to it
retransmits, and is reset when the machine is back and knows nothing of the stream.
Rule 2: what arrives is a record with its length and its digest, before the program sees it.
Rule 3: a sender may have `WINDOW_BYTES` that its peer's program has not taken; what is more waits in its backlog.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol
from zlib import crc32

from fozzy.core.events import Net
from fozzy.sim.network import RETRANSMISSIONS_MAX, RETRANSMIT_NS, Link, Parcel

if TYPE_CHECKING:
    from fozzy.sim.kernel import Kernel
    from fozzy.sim.node import Node

WINDOW_BYTES = 256 * 1024

DATA, EOF, RESET = "data", "eof", "reset"
Item = tuple[str, bytes, int, int]  # what, its bytes, which transmission, its place in the stream
Credit = list[int]  # room in a stream's window: when its sender learns of it, how much, whether that is awaited
OUT_OF_BAND = -1  # the place of a reset by a machine that knows nothing of the stream


HANDSHAKE = b"\x16"  # how a TLS record begins that holds one
HELLOS = b"\x01\x02"  # of a client and of a server


def is_hello(data: bytes) -> bool:
    """Whether TLS begins here: the header of a record (RFC 8446, 5.1), and a hello in it."""
    if len(data) < 6 or data[0] != HANDSHAKE[0] or data[1] != 3 or data[5] not in HELLOS:
        return False
    return int.from_bytes(data[3:5], "big") <= len(data) - 5


class Receiver(Protocol):
    """Who takes what arrives at an endpoint."""

    def data_arrived(self, data: bytes) -> None:
        """Bytes, in order."""
        ...

    def eof_arrived(self) -> None:
        """The peer will send no more."""
        ...

    def reset_arrived(self) -> None:
        """The stream is no more."""
        ...

    def backlog_changed(self) -> None:
        """Some of the backlog was sent."""
        ...


class Endpoint:
    """One end of a stream."""

    __slots__ = (
        "node", "loop", "kernel", "link", "peer", "name", "receiver", "inbox", "backlog", "backlog_bytes",
        "is_closed", "is_finished", "is_ended", "unread", "local", "remote", "context", "is_secret", "has_spoken",
        "_weighs", "_last", "_outstanding", "_credits", "_sent", "_expected", "_early",
    )  # fmt: skip

    def __init__(self, node: Node, link: Link, number: int, local: tuple[str, int], remote: tuple[str, int]) -> None:
        self.node = node
        self.loop: Any = node.loop
        self.kernel: Kernel = node.kernel
        self.link = link  # to the peer
        self.peer: Endpoint | None = None
        self.name = f"{link.name}#{number}"
        self.receiver: Receiver | None = None
        self.inbox: deque[tuple[str, bytes]] = deque()  # arrived before anybody took it
        self.backlog: deque[bytes] = deque()
        self.backlog_bytes = 0
        self.is_closed = False  # the program has let it go
        self.is_finished = False  # it sends no more
        self.local = local
        self.remote = remote
        self.context: Any = None
        self.unread = 0  # bytes that arrived and that the program has not taken
        self.is_ended = False  # the peer's end or a reset has arrived
        self.is_secret = False  # what it sends is encrypted: its bytes differ from run to run and are no evidence
        self.has_spoken = False  # it has encrypted something of the program's
        self._weighs = True  # the lengths of what it sends do not differ from run to run; those of a handshake may
        self._last = 0  # when what was sent last arrives
        self._outstanding = 0  # bytes sent that the peer's program has not taken
        self._credits: deque[Credit] = deque()  # what the peer's program has taken, and we do not know yet
        self._sent = 0  # how many items were sent
        self._expected = 0  # the place of the next item that the program is given
        self._early: dict[int, Item] = {}  # arrived before one that was sent before them, as a cut link makes it

    # Sending

    def send(self, data: bytes) -> None:
        """Send bytes, or let them wait."""
        if data[:1] == HANDSHAKE and not self.is_secret and is_hello(data):
            self.is_secret, self._weighs = True, False
        if self._credits:
            self._learn()
        if self.backlog or self._outstanding >= WINDOW_BYTES:
            if not self.backlog:
                self._announce()
            self.backlog.append(data)
            self.backlog_bytes += len(data)
            return
        self._outstanding += len(data)
        self._sent += 1
        self._transmit((DATA, data, 0, self._sent - 1))

    def finish(self) -> None:
        """Send no more after what waits."""
        if not self.is_finished:
            self.is_finished = True
            if not self.backlog:
                self._emit(EOF)

    def close(self) -> None:
        """The program lets the stream go; what waits is sent. What it has not read makes this a reset (RFC 1122,
        4.2.2.13), as Linux has it."""
        if self.unread and not self.is_closed:
            self.reset()
        self._let_go()
        self.finish()

    def drop(self) -> None:
        """The program lets the stream go, and what waits is not sent."""
        self.backlog.clear()
        self.backlog_bytes = 0
        self.close()

    def forget(self) -> None:
        """The stream is no more: there is nobody to tell."""
        self._let_go()
        self.is_finished = True
        self.backlog.clear()
        self.backlog_bytes = 0

    def join(self, peer: Endpoint) -> None:
        """The stream is open."""
        self.peer = peer
        self.loop.endpoints[self] = None

    def _let_go(self) -> None:
        self.is_closed = True
        self.loop.endpoints.pop(self, None)

    def reset(self) -> None:
        """End the stream at once; the peer notices."""
        self._let_go()
        self.is_finished = True
        self.backlog.clear()
        self.backlog_bytes = 0
        self._emit(RESET)

    def _emit(self, kind: str, data: bytes = b"") -> None:
        self._sent += 1
        self._transmit((kind, data, 0, self._sent - 1))

    def _transmit(self, item: Item) -> None:
        link, peer = self.link, self.peer
        assert peer is not None
        if link.cuts:
            link.held.append(Parcel(self._transmit, item))
            return
        when = link.when(len(item[1]) if self._weighs else 0)
        self._weighs |= self.has_spoken
        if link.setting.loss or link.extra_losses:
            when += link.lost_ns()
        if when < self._last:
            when = self._last
        self._last = when
        kernel = self.kernel
        kernel.in_flight += 1
        kernel.at(when, peer.node, link.number, peer._arrive, item)

    def _taken(self, size: int) -> None:
        """The peer's program has taken bytes, of which we learn when that has travelled: never at the same instant, at
        which it would depend on the machine that runs first."""
        back = self.peer.link if self.peer is not None else self.link
        self._credits.append([self.kernel.clock.now + back.setting.latency.low_ns, size, False])
        if self.backlog:
            self._announce()

    def _learn(self) -> None:
        """Know what of the peer's news has arrived."""
        credits, now = self._credits, self.kernel.clock.now
        while credits and credits[0][0] <= now:
            self._outstanding -= credits.popleft()[1]

    def _announce(self) -> None:
        """Look for room whenever news of the peer arrives."""
        back = self.peer.link if self.peer is not None else self.link
        for credit in self._credits:
            if not credit[2]:
                credit[2] = True
                self.kernel.at(credit[0], self.node, back.number, self._room, None)

    def _room(self, _arg: None) -> None:
        """The window has room again."""
        if not self.is_alive:
            return
        self._learn()
        moved = False
        while self.backlog and self._outstanding < WINDOW_BYTES:
            data = self.backlog.popleft()
            self.backlog_bytes -= len(data)
            self._outstanding += len(data)
            self._emit(DATA, data)
            moved = True
        if moved and not self.backlog and self.is_finished:
            self._emit(EOF)
        if moved and self.receiver is not None:
            self._soon(self.receiver.backlog_changed)

    # Receiving

    @property
    def is_alive(self) -> bool:
        """Whether the program that has it still runs."""
        return self.node.is_up and self.node.loop is self.loop

    def _arrive(self, item: Item) -> None:
        kernel, peer = self.kernel, self.peer
        assert peer is not None
        kernel.in_flight -= 1
        if peer.link.cuts:
            peer.link.stalled.append(Parcel(peer._transmit, item))
            return
        if not self.node.is_up or self.node.loop is not self.loop:
            self._unknown(item)
            return
        place = item[3]
        if place == self._expected and not self._early:  # as nearly always
            self._expected += 1
            self._accept(item, peer)
            return
        if place == OUT_OF_BAND:
            self._accept(item, peer)
            return
        self._early[place] = item
        while (next_one := self._early.pop(self._expected, None)) is not None:
            self._expected += 1
            self._accept(next_one, peer)

    def _accept(self, item: Item, peer: Endpoint) -> None:
        """What arrived is next in order."""
        kind, data, kernel = item[0], item[1], self.kernel
        if self.is_closed:
            if kind == DATA:
                peer._reset_by_peer()
            return
        size = 0 if peer.is_secret else len(data)
        kernel.log.append(Net(kernel.clock.now, self.node.span, kind, peer.name, size, crc32(data) if size else 0))
        receiver = self.receiver
        if kind == DATA and receiver is not None:
            self.unread += len(data)
            self.loop.arrived(receiver.data_arrived, (data,), self.context)
            return
        self.unread += len(data)
        self.is_ended |= kind != DATA
        self._take(kind, data)

    def _take(self, kind: str, data: bytes) -> None:
        receiver = self.receiver
        if receiver is None:
            self.inbox.append((kind, data))
        elif kind == DATA:
            self._soon(receiver.data_arrived, data)
        elif kind == EOF:
            self._soon(receiver.eof_arrived)
        else:
            self._soon(receiver.reset_arrived)

    def attach(self, receiver: Receiver) -> None:
        """From now on this one takes what arrives, and what has arrived already."""
        self.receiver = receiver
        waiting, self.inbox = self.inbox, deque()
        for kind, data in waiting:
            self._take(kind, data)

    def consumed(self, size: int) -> None:
        """The program has taken bytes that arrived."""
        self.unread -= size
        peer = self.peer
        if peer is not None:
            peer._taken(size)

    def _soon(self, call: Callable[..., Any], *args: Any) -> None:
        self.loop.arrived(call, args, self.context)

    def _unknown(self, item: Item) -> None:
        """Its program is gone. A machine that is up says so; one that is down says nothing, and the sender tries on."""
        kind, data, attempt, place = item
        peer = self.peer
        assert peer is not None
        if kind == RESET or attempt >= RETRANSMISSIONS_MAX:
            return
        if self.node.is_up:
            peer._reset_by_peer()
            return
        again: Item = (kind, data, attempt + 1, place)
        self.kernel.later(RETRANSMIT_NS << attempt, lambda _arg: peer._transmit(again) if peer.is_alive else None)

    def _reset_by_peer(self) -> None:
        """The peer's machine knows nothing of this stream: a reset is on its way."""
        back = self.peer.link if self.peer is not None else self.link
        kernel = self.kernel
        kernel.in_flight += 1
        kernel.at(back.when(0), self.node, back.number, self._arrive, (RESET, b"", 0, OUT_OF_BAND))
