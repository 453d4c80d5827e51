"""`packet_loss`: packets are lost, and TCP sends them again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.faults.http.plan import Share, note
from fozzy.faults.tcp.kinds.base import MS_NS, Flaw, Kind
from fozzy.faults.tcp.message import Chunk, Item, Message, Strike
from fozzy.faults.tcp.stage import Holding, Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

PACKET_BYTES = 1460  # of Ethernet's 1,500, without the headers of IPv4 and TCP
RTO_MS = 200  # Linux' least retransmission timeout; it doubles with each loss (RFC 6298)
RTO_MS_MAX = 120_000
LOSSES_MAX = 15  # as often as Linux sends it again


class PacketLoss(Kind, frozen=True, kw_only=True):
    """No byte is missing: a lost packet comes 200 ms later, and each further loss of it doubles the wait; what is behind
    it waits too. Packets of 1,460 bytes count from the beginning of each message."""

    type: ClassVar[str] = "packet_loss"
    loss_rate: Annotated[Share, note("How likely a packet is lost, each time that it is sent.")]
    correlation: Annotated[
        Share, note("How likely a packet has the fate of the one before it; so losses come together, as often as else.")
    ] = 0.0

    def flaws(self) -> Iterator[Flaw]:
        if self.loss_rate == 1:
            yield Flaw("loss_rate", "is 1: nothing would ever arrive", "say so with partition")
        if self.correlation == 1:
            yield Flaw("correlation", "is 1: the first packet would decide all", "say less than 1")

    def stage(self, grip: Grip) -> Stage:
        return _Losing(grip, self)


class _Losing(Holding):
    """The packet that is open: whose it is, which one of its message, how often it is lost."""

    def __init__(self, grip: Grip, kind: PacketLoss) -> None:
        super().__init__(grip)
        self._kind = kind
        self._message: Message | None = None
        self._packet = 0
        self._losses = 0  # of the open packet; of the one before it until it is drawn
        self._strike: Strike | None = None
        self._sent = self._lost = 0  # packets of this strike

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is not Chunk:
            return self.pass_on(item, now_ns)
        passed: list[Item] = []
        for part, strike in self.struck_parts(item, now_ns):
            if strike is None:
                passed += self.pass_on(part, now_ns)
                continue
            for piece in packets(part):
                passed += self._timed(piece, strike, now_ns)
            self.might(part, strike, "none_lost")
        return passed

    def _timed(self, piece: Chunk, strike: Strike, now_ns: int) -> list[Item]:
        if not piece.data:
            return self.pass_on(piece, now_ns)
        packet = (piece.offset - piece.message.offset) // PACKET_BYTES
        if piece.message is not self._message or packet != self._packet:
            self._draw(piece.message, packet)
            self._count(strike)
        delay_ns = wait_ms(self._losses) * MS_NS
        strike.delay_ns = max(strike.delay_ns, delay_ns)
        if not delay_ns and now_ns >= self._latest_ns:
            return self.pass_on(piece, now_ns)
        self.hold(piece, now_ns + delay_ns)
        return []

    def _draw(self, message: Message, packet: int) -> None:
        """How often this packet is lost."""
        kind, name = self._kind, f"{packet}"
        is_same = kind.correlation > 0 and self._message is not None
        if not (is_same and self.grip.is_hit(message.ordinal, f"same.{name}", kind.correlation)):
            self._losses = 0
            while self._losses < LOSSES_MAX and self._is_lost(message, f"{name}.{self._losses}"):
                self._losses += 1
        self._message, self._packet = message, packet

    def _count(self, strike: Strike) -> None:
        if strike is not self._strike:
            self._strike, self._sent, self._lost = strike, 0, 0
        self._sent += 1
        self._lost += self._losses > 0
        if self._lost:
            strike.applied(f"{self._lost} of {self._sent} packets lost")

    def _is_lost(self, message: Message, name: str) -> bool:
        return self.grip.is_hit(message.ordinal, f"lost.{name}", self._kind.loss_rate)


def packets(part: Chunk) -> Iterator[Chunk]:
    """A chunk where packets end."""
    while True:
        size = PACKET_BYTES - (part.offset - part.message.offset) % PACKET_BYTES
        if len(part.data) <= size:
            yield part
            return
        yield part._replace(data=part.data[:size], is_last=False)
        part = part._replace(data=part.data[size:], offset=part.offset + size)


def wait_ms(losses: int) -> int:
    """How much later a packet comes that is lost so often."""
    return sum(min(RTO_MS << count, RTO_MS_MAX) for count in range(losses))
