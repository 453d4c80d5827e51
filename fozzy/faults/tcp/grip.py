"""A toxic on one connection: whether it is there at all, what it strikes, what it draws.

Rule 1: toxicity is drawn once per connection and direction, by the toxic's name: a neighbour more, or a change of one,
draws nothing anew. Everything else is keyed by the message, or by the offset where bytes are counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from fozzy.core.choice import first_hit
from fozzy.core.exchange import Roll
from fozzy.core.wires import Counted
from fozzy.faults.keyed import base_from, beginning, draw, within
from fozzy.faults.tcp.armed import Armed
from fozzy.faults.tcp.counted import ByteCount, counted_again
from fozzy.faults.tcp.message import Chunk, Message, Strike
from fozzy.faults.tcp.plan import Stream
from fozzy.faults.tcp.runs import Runs
from fozzy.faults.tcp.stage import Stage

SCOPE = "tcp"


class Grip:
    """One toxic on one connection. `began_ns` is when both were there."""

    def __init__(self, armed: Armed, seed: int, connection: int, now_ns: int, *, is_new: bool = True) -> None:
        self.armed = armed
        self.name = armed.name
        self.seed = seed
        self.connection = connection
        self.stream: Stream = armed.toxic.stream
        self.began_ns = now_ns
        self.lost = 0  # bytes that it threw away, and that the toxics of its name before it did
        self.is_replaced = False  # by another of its name, which knows what was lost
        self._begun = beginning(seed, (SCOPE, armed.proxy, str(connection), self.stream))
        self._runs = Runs(armed.toxic, self._begun, f"{self.name}.rate")
        self.bytes = ByteCount(self.name)
        self._bytes_struck = self._first_struck = 0
        self.counted = 0  # messages of this connection, where they are counted for each
        self.on_connection: Strike | None = None
        self._stage: Stage | None = None
        self.rolls: list[Roll] = []  # of the connection
        self.is_there = self._chance(0, "toxicity", armed.toxic.toxicity, self.rolls)
        if self.is_there:
            armed.connections += 1
        if self.is_there and armed.unit == "connection" and (is_new or not armed.kind.is_of_listener):
            self._decide_connection(now_ns)

    def strike_of(self, message: Message) -> Strike | None:
        """The strike that a message has of this toxic."""
        if self.armed.unit == "connection":
            return self.on_connection
        strike = message.strikes.get(self.name)
        return strike if strike is not None and strike.owner is self.armed else None

    def staged(self) -> Stage | None:
        """Its stage on this connection, always the same one."""
        if self._stage is None:
            self._stage = self.armed.kind.stage(self)
        return self._stage

    def decides(self, message: Message) -> bool:
        """Whether messages of this stream are its business."""
        return message.stream == ("upstream" if self.armed.kind.is_of_requests else self.stream)

    def decide(self, message: Message, now_ns: int) -> None:
        """Decide whether a message that begins is struck; it carries the strike and the rolls."""
        armed = self.armed
        if armed.unit != "message" or not self._counts(message):
            return
        armed.matched += 1
        self.counted += 1
        ordinal = armed.matched if armed.toxic.per == "proxy" else self.counted
        if self._hits(ordinal, message.ordinal, now_ns, message.rolls):
            message.strikes[self.name] = Strike(self.name, armed.toxic.type, armed)
        else:
            message.spared.append(self.name)

    def parts(self, chunk: Chunk, now_ns: int) -> Iterator[tuple[Chunk, Strike | None]]:
        """A chunk that comes now, in parts where bytes are counted."""
        if self.armed.unit != "byte":
            yield chunk, self.strike_of(chunk.message)
            return
        yield from self._by_bytes(chunk, now_ns)

    def strike_now(self, now_ns: int) -> Strike | None:
        """The strike on an end, which has no bytes: the connection's, or that of a span of time which is now."""
        if self.armed.unit == "byte" and self.armed.toxic.window is not None and self.armed.is_within(now_ns):
            self.on_connection = self.on_connection or Strike(self.name, self.armed.toxic.type, self.armed)
            self.bytes.is_ended = True
            return self.on_connection
        return self.on_connection if self.armed.unit == "connection" else None

    @property
    def counts_bytes(self) -> bool:
        """Whether it is there, and bytes are what it counts."""
        return self.is_there and self.armed.unit == "byte"

    def count_again(self, counted: Counted) -> Counted:
        """What it strikes of bytes that were counted once; that strikes the connection, as it did then."""
        again = counted_again(counted, self._runs)
        if again.struck or again.ended:
            self.on_connection = Strike(self.name, self.armed.toxic.type, self.armed)
        return again

    def among(self, ordinal: int, purpose: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`, drawn for a message, an offset, or 0 for the connection."""
        return within(draw(self._base(ordinal), f"{self.name}.{purpose}"), low, high)

    def is_hit(self, ordinal: int, purpose: str, probability: float) -> bool:
        """A chance within what a strike does; it is not a roll of its own."""
        return draw(self._base(ordinal), f"{self.name}.{purpose}") >= first_hit(probability)

    def _counts(self, message: Message) -> bool:
        return self.armed.fits(message) if message.counting is None else self.name in message.counting

    def _decide_connection(self, now_ns: int) -> None:
        armed = self.armed
        armed.matched += 1
        if self._hits(armed.matched, 0, now_ns, self.rolls):
            self.on_connection = Strike(self.name, armed.toxic.type, armed)

    def _hits(self, counted: int, ordinal: int, now_ns: int, rolls: list[Roll]) -> bool:
        armed = self.armed
        if not armed.is_due(counted, now_ns):
            return False
        rate = armed.toxic.rate
        if rate is not None:
            armed.rolled += 1
            if not self._chance(ordinal, "rate", rate, rolls):
                return False
        armed.hit += 1
        return True

    def _chance(self, ordinal: int, purpose: str, probability: float, rolls: list[Roll]) -> bool:
        """A draw that is recorded; certain things are not drawn."""
        if probability in (0.0, 1.0):
            return bool(probability)
        name = f"{self.name}.{purpose}"
        value = draw(self._base(ordinal), name)
        is_hit = value >= first_hit(probability)
        rolls.append(Roll(name, probability, value, is_hit, self.armed.place))
        return is_hit

    def _base(self, ordinal: int) -> int:
        return base_from(self._begun, ordinal)

    def _by_bytes(self, chunk: Chunk, now_ns: int) -> Iterator[tuple[Chunk, Strike | None]]:
        """Runs of bytes that are struck, and of those that are not."""
        at, end = chunk.offset, chunk.offset + len(chunk.data)
        for low, high in self._counted(at, end, now_ns):
            if low > at:
                yield _cut(chunk, at, low), None
            yield _cut(chunk, low, high), self._struck_bytes(low, high)
            at = high
        if at < end or at == chunk.offset:
            yield _cut(chunk, at, end), None

    def _counted(self, start: int, end: int, now_ns: int) -> Iterator[tuple[int, int]]:
        """The struck runs, where it is in force and as often as it may strike."""
        armed = self.armed
        armed.matched += end - start
        armed.rolled += 0 if armed.toxic.rate is None else end - start
        if not armed.is_within(now_ns) or armed.is_spent:
            return
        at, times = start, armed.toxic.times
        for low, high in self._runs.among(start, end):
            stop = high if times is None else min(high, low + times - armed.hit)
            armed.hit += stop - low
            self.bytes.look(at, stop)
            self.bytes.strike(low, stop)
            yield low, stop
            if armed.is_spent:
                return
            at = stop
        self.bytes.look(at, end)

    def _struck_bytes(self, low: int, high: int) -> Strike:
        """The one strike on all struck bytes of the connection."""
        if not self._bytes_struck:
            self._first_struck = low
        self.on_connection = self.on_connection or Strike(self.name, self.armed.toxic.type, self.armed)
        self._bytes_struck += high - low
        self.on_connection.where = f"{self._bytes_struck} bytes, the first at {self._first_struck}"
        return self.on_connection


def _cut(chunk: Chunk, low: int, high: int) -> Chunk:
    """The bytes of it from one offset of the stream to before another."""
    start, stop = low - chunk.offset, high - chunk.offset
    if start == 0 and stop == len(chunk.data):
        return chunk
    is_last = chunk.is_last and stop == len(chunk.data)
    return chunk._replace(data=chunk.data[start:stop], offset=low, is_last=is_last)
