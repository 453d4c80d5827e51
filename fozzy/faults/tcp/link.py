"""A link: one connection as the engine sees it. Bytes and ends come in with their time, and go out when they are due.

Rule 1: a door asks `is_plain` before it hands bytes over: where nothing can happen to them it relays them itself and says
how many (`passed`).
Rule 2: whatever comes in may make something due in the other stream too (an answer); `wake` is called for that stream.
Rule 3: what is told of a message is told once: when it is over and all its strikes are settled, at the latest with the
connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING

from blake3 import blake3

from fozzy.core.exchange import Roll
from fozzy.core.wires import Connected, Flowed, Framed, Spoken, Struck
from fozzy.faults.tcp.answering import Answering, answers_all
from fozzy.faults.tcp.frames import FRAMERS
from fozzy.faults.tcp.frames.raw import Raw
from fozzy.faults.tcp.grip import Grip
from fozzy.faults.tcp.lane import Lane
from fozzy.faults.tcp.message import DIGEST_BYTES, Body, Chunk, Cut, Ending, How, Item, Message, Of, Strike
from fozzy.faults.tcp.plan import STREAMS, Stream
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.engine import Engine, Point

UNTOLD_MAX = 4096  # messages that are over and wait for their strikes; then the oldest are told as they are
LEFT_MAX = 256  # toxics that were taken away from a connection and are told of at its end; the latest stay

Out = bytes | Ending | Cut


class Flow:
    """One stream: its lane, what came in, what is ready to go out."""

    def __init__(self) -> None:
        self.lane = Lane()
        self.ready: list[Out] = []
        self.bytes = self.sent = self.messages = 0
        self.ended: How | None = None  # by its sender
        self.ended_ns = 0
        self.given: How | None = None  # to its receiver
        self.is_over = False  # nothing of it goes out any more


class Link:
    """One connection. *Closes*: `close` tells what is left to tell."""

    def __init__(self, engine: Engine, point: Point, ordinal: int, client: str, now_ns: int) -> None:
        self.engine = engine
        self.point = point  # the proxy as it is in force
        self.ordinal = ordinal
        self.client = client
        self.number = 0
        self.arrived_ns = self.now_ns = now_ns
        self.flows: dict[Stream, Flow] = {stream: Flow() for stream in STREAMS}
        self.grips: list[Grip] = []
        self.held: list[Grip] = []  # and those that are not there, by their toxicity; in the order of the plan
        self.left: list[Grip] = []  # of toxics that were taken away
        self.cut: Cut | None = None  # a toxic ended it
        self.notes: list[str] = []
        self.wake: Callable[[Stream], None] = _nobody
        self.is_dialing = False  # nobody knows yet whether the server can be reached
        self.is_held_up: Callable[[], bool] = _never  # by a client that does not read
        self.is_plain = False
        self._is_quiet = False  # nothing can happen to bytes once those that are here are gone
        self._framer = FRAMERS[point.proxy.protocol](self)
        self._untold: dict[Message, None] = {}
        self._answering = Answering(self._framer)
        self._answers_all = False

    # what a door says and asks

    def received(self, stream: Stream, data: bytes, now_ns: int) -> None:
        """Bytes of this stream's sender came."""
        self.advance(now_ns)
        flow = self.flows[stream]
        flow.bytes += len(data)
        self._enter(stream, self._framer.feed(stream, data))

    def passed(self, stream: Stream, size: int, now_ns: int) -> None:
        """So many bytes came and were relayed as they are; only while `is_plain`."""
        self.now_ns = now_ns
        flow = self.flows[stream]
        flow.bytes += size
        flow.sent += size
        self._framer.skip(stream, size)

    def ended(self, stream: Stream, how: How, now_ns: int) -> None:
        """The stream's sender ended it."""
        self.advance(now_ns)
        flow = self.flows[stream]
        flow.ended, flow.ended_ns = how, now_ns
        self._enter(stream, chain(self._framer.finish(stream), [Ending(how)]))

    def take(self, stream: Stream, now_ns: int) -> list[Out]:
        """What the stream's receiver gets now, in order. After a `Cut` the connection is over, in both streams."""
        self.advance(now_ns)
        flow = self.flows[stream]
        ready, flow.ready = flow.ready, []
        self._settle()
        if self._is_quiet and not self.is_plain:
            self.is_plain = not any(map(self._busy, STREAMS))
        return ready

    def due_ns(self, stream: Stream) -> int:
        """When `take` is to be asked next; a huge number for never."""
        flow = self.flows[stream]
        return 0 if flow.ready else flow.lane.due_ns

    @property
    def is_spent(self) -> bool:
        """Whether both senders have ended and nothing comes of it any more: what else there was, a toxic threw away."""
        return all(flow.ended is not None and not flow.ready and flow.lane.is_idle for flow in self.flows.values())

    def has_room(self, stream: Stream) -> bool:
        """Whether more of this stream may be read."""
        return self.flows[stream].lane.held < self.engine.held_bytes_max

    def in_flight(self) -> int:
        """What the server is about to do: requests that it owes a reply, and being reached. Any thread may ask."""
        flow = self.flows["downstream"]
        if flow.is_over or flow.ended or not self.has_room("downstream") or self.is_held_up():
            return 0
        return self.is_dialing + self._framer.owed()

    def is_leaving(self) -> bool:
        """Whether the server knows that its client has gone, and has not ended the connection. Any thread may ask."""
        sent, answered = self.flows["upstream"], self.flows["downstream"]
        return sent.given == "fin" and answered.ended is None and not answered.is_over

    def close(self, by: str, now_ns: int) -> None:
        """The connection is over: tell what is left. `by` says who ended it."""
        self.now_ns = now_ns
        self.engine.forget(self)
        for message in list(self._untold):
            self._tell(message)
        self.engine.tell(self.as_it_is(by))

    def as_it_is(self, by: str = "") -> Connected:
        """The record of the connection, which is not over where nobody ended it."""
        return Connected(
            t=self.now_ns,
            at=self.point.proxy.name,
            number=self.number,
            arrived=self.arrived_ns,
            connection=self.ordinal,
            client=self.client,
            rolls=self.rolls(),
            struck=[self._struck(strike) for strike in self.strikes()],
            counted=[grip.bytes.told() for grip in self.counting()],
            upstream=self._flowed("upstream"),
            downstream=self._flowed("downstream"),
            by=by,
            notes=[*self.notes, *([self._framer.lost] if self._framer.lost else [])],
        )

    def rolls(self) -> list[Roll]:
        """What was drawn for the connection, by toxics that were taken away too."""
        return [roll for grip in [*self.left, *self.held] for roll in grip.rolls]

    def strikes(self) -> list[Strike]:
        """What strikes the connection as such."""
        return [grip.on_connection for grip in [*self.left, *self.held] if grip.on_connection is not None]

    def counting(self) -> list[Grip]:
        """The toxics that count its bytes."""
        return [grip for grip in [*self.left, *self.held] if grip.counts_bytes]

    # what the engine says

    def advance(self, now_ns: int) -> None:
        """Whatever was due by now happens first, in the order of its time."""
        up, down = (self.flows[stream].lane for stream in STREAMS)
        while min(up.due_ns, down.due_ns) <= now_ns:
            stream: Stream = "upstream" if up.due_ns <= down.due_ns else "downstream"
            lane = self.flows[stream].lane
            self.now_ns = max(self.now_ns, lane.due_ns)
            self._leave(stream, lane.advance(lane.due_ns))
        self.now_ns = now_ns

    def follow(self, held: list[Grip], left: list[Grip], stages: dict[Stream, list[Stage]], now_ns: int) -> None:
        """Other toxics are in force, after `advance`; what those that went held goes on."""
        self._leave_behind(left)
        self.held = held
        self.grips = [grip for grip in held if grip.is_there]
        self._answers_all = answers_all(self.grips)
        for stream in STREAMS:
            self._leave(stream, self.flows[stream].lane.restage(stages[stream], now_ns))
            self.wake(stream)
        self._is_quiet = not self.grips and not self.engine.keyed and isinstance(self._framer, Raw)
        self.is_plain = self._is_quiet and not any(map(self._busy, STREAMS))

    # what the framer says

    def begin(
        self, stream: Stream, of: Of, about: str, request: Message | None = None, *, body: Body | None = None
    ) -> Message:
        """A message begins: it is decided."""
        flow = self.flows[stream]
        flow.messages += 1
        about = about or ("" if request is None else request.about)
        message = Message(stream, of, about, flow.messages, self._framer.offset(stream))
        message.request, message.body = request, body
        if request is not None and body is not None and body.is_stream:
            request.is_owed = False  # events come when they come
        message.number = self.engine.next_number()
        message.arrived_ns = self.now_ns
        if self.engine.keyed:
            message.hasher = blake3()
        for grip in self.grips:
            if grip.decides(message):
                grip.decide(message, self.now_ns)
        if message.strikes or self.engine.keyed:
            self._untold[message] = None
        return message

    def end(self, message: Message) -> None:
        """A message ended."""
        message.is_ended = True

    # inside

    def _leave_behind(self, left: list[Grip]) -> None:
        """Toxics that were taken away strike nothing any more; what they did to the connection is still told."""
        armed = {id(grip.armed) for grip in left}
        for message in self._untold if left else ():
            for strike in message.strikes.values():
                if id(strike.owner) in armed:
                    strike.is_open = False
                    strike.bypassed("removed")
        self.left = [*self.left, *filter(_has_done, left)][-LEFT_MAX:]

    def _busy(self, stream: Stream) -> bool:
        flow = self.flows[stream]
        return bool(flow.ready or flow.lane.stages or flow.lane.held)

    def _enter(self, stream: Stream, items: Iterable[Item]) -> bool:
        """Items come in, each through all stages before the next one is asked for; behind a cut none is. False: none."""
        flow = self.flows[stream]
        if flow.lane.is_cut or self.cut is not None:
            return False
        came = False
        for item in items:
            came = True
            if type(item) is Chunk:
                message = item.message
                message.size += len(item.data)
                if message.hasher is not None:
                    message.hasher.update(item.data)
                if item.is_last:
                    message.is_ended = True
            self._leave(stream, flow.lane.push([item], self.now_ns))
            if flow.lane.is_cut or self.cut is not None:
                break
        return came

    def _leave(self, stream: Stream, items: list[Item]) -> None:
        """Items are through all stages."""
        flow = self.flows[stream]
        for item in items:
            if flow.is_over:
                break
            if type(item) is Chunk:
                self._give(flow, item.data if stream == "downstream" else self._to_server(item))
            elif type(item) is Ending:
                self._give(flow, b"" if stream == "downstream" else self._answering.rest())
                flow.given = item.how
                flow.is_over = True
                flow.ready.append(item)
            elif type(item) is Cut:
                self._cut(stream, item)
        if flow.ready:
            self.wake(stream)

    def _give(self, flow: Flow, data: bytes) -> None:
        if data:
            flow.sent += len(data)
            flow.ready.append(data)

    def _to_server(self, chunk: Chunk) -> bytes:
        """What the server gets of a request; answers of ours go the other way."""
        if not chunk.message.strikes and self._answering.is_idle and not self._answers_all:
            return self._sent(chunk, chunk.data)
        data, told = self._answering.take(chunk, self.grips)
        if self._enter("downstream", chain(told, self._framer.answers_due())):
            self.wake("downstream")  # also where a toxic holds them: there is a new time to ask
        return self._sent(chunk, data)

    def _sent(self, chunk: Chunk, data: bytes) -> bytes:
        if data and (chunk.is_last or chunk.message.of == "turn"):
            chunk.message.is_owed = True
        return data

    def _cut(self, stream: Stream, cut: Cut) -> None:
        self.cut = cut
        other: Stream = "downstream" if stream == "upstream" else "upstream"
        self.flows[stream].given, self.flows[other].given = cut.to_receiver, cut.to_sender
        for flow in self.flows.values():
            flow.is_over = True
        self.flows[stream].ready.append(cut)

    def _settle(self) -> None:
        """Tell of messages that are over."""
        if not self._untold:
            return
        for message in [each for each in self._untold if each.is_ended]:
            if all(strike.is_settled for strike in message.strikes.values()) or len(self._untold) > UNTOLD_MAX:
                self._tell(message)

    def _tell(self, message: Message) -> None:
        del self._untold[message]
        for strike in message.strikes.values():
            strike.settle()
        request = message.request
        self.engine.tell(
            Spoken(
                t=self.now_ns,
                at=self.point.proxy.name,
                number=message.number,
                arrived=message.arrived_ns,
                connection=self.ordinal,
                stream=message.stream,
                message=message.ordinal,
                of=message.of,
                offset=message.offset,
                bytes=message.size,
                about=message.about,
                answers=0 if request is None else request.ordinal,
                state=message.state,
                said=message.said,
                body=None if message.body is None else Framed(*message.body),
                digest="" if message.hasher is None else message.hasher.hexdigest(length=DIGEST_BYTES),
                whole=message.is_ended,
                rolls=message.rolls,
                struck=[self._struck(strike) for strike in message.strikes.values()],
                spared=message.spared,
                delay_ns=sum(strike.delay_ns for strike in message.strikes.values()),
            )
        )

    def _struck(self, strike: Strike) -> Struck:
        said = "; ".join(filter(None, (strike.where, strike.said)))
        return Struck(strike.toxic, strike.type, strike.is_applied, strike.reason, strike.delay_ns, said)

    def _flowed(self, stream: Stream) -> Flowed:
        flow = self.flows[stream]
        return Flowed(flow.bytes, flow.sent, flow.messages, flow.ended or "", flow.given or "", flow.ended_ns)


def _has_done(grip: Grip) -> bool:
    """Whether there is something to tell of a toxic that was taken away."""
    return bool(grip.rolls) or grip.on_connection is not None or grip.counts_bytes


def _nobody(_: Stream) -> None:
    """Nobody waits."""


def _never() -> bool:
    return False
