"""What becomes of an answer on its way to the client, step by step. Pure: no I/O, no clock of its own.

A door feeds in the head and the pieces of the true answer and carries out the steps that come back, in order: a `Head`,
bytes, a `Wait`, an `End`. After an `End` nothing more goes to the client.
Rule 1: `applied` and `reason` say what became of the plan; they hold once the last step was carried out.
Rule 2: a piece goes on at once, except where its fault is about the whole of it.
To add an action: a class here with its behaviour, a line in `_FLOWS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from fozzy.core.exchange import Headers
from fozzy.faults.http.bodies import cut_at, damaged, spoiled
from fozzy.faults.http.decision import (
    Action,
    Close,
    Cut,
    Damage,
    EndStream,
    LoseEvent,
    Override,
    Pause,
    SpoilEvent,
)
from fozzy.faults.http.events import Kind, Piece, Splitter, kind_of

HELD_BYTES_MAX = 8 << 20  # of a body that is damaged whole; a longer one goes on as it is
BODILESS = (204, 304)


class Head(NamedTuple):
    """Status and headers of an answer. `has_body` is false where there can be none: HEAD, 204, 304."""

    status: int
    headers: Headers
    has_body: bool = True

    def kind(self) -> Kind | None:
        """Which kind of stream of events it announces."""
        return kind_of(self.value("content-type"))

    def value(self, name: str) -> str:
        """A header's value, empty for none."""
        return next((value for each, value in self.headers if each.lower() == name), "")

    def length(self) -> int | None:
        """What it announces as the body's length."""
        value = self.value("content-length")
        return int(value) if value.isdecimal() else None

    def with_length(self, length: int | None) -> Head:
        """The same with another length, or without one."""
        kept = [pair for pair in self.headers if pair[0].lower() != "content-length"]
        return self._replace(headers=kept if length is None else [*kept, ("content-length", str(length))])

    def without(self, *names: str) -> Head:
        """The same without some headers."""
        return self._replace(headers=[pair for pair in self.headers if pair[0].lower() not in names])


class Wait(NamedTuple):
    """Wait before the next step; without a time until the client leaves."""

    ns: int | None


class End(NamedTuple):
    """End the connection: what went before is flushed."""

    how: Literal["fin", "rst"]


Step = Head | bytes | Wait | End


class Flow:
    """An answer that goes on as it is. `after_ns`: so long after its head the door calls `expire`."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self.applied = False
        self.reason = ""
        self.after_ns: int | None = None
        self._now_ns = now_ns

    def start(self, head: Head) -> list[Step]:
        """The answer's head."""
        return [head]

    def feed(self, data: bytes) -> list[Step]:
        """A piece of the answer's body."""
        return [data]

    def end(self) -> list[Step]:
        """The answer's end."""
        return []

    def expire(self) -> list[Step]:
        """The time of `after_ns` is over."""
        return []

    def _bypass(self, reason: str) -> None:
        self.reason = reason

    def _done(self, reason: str = "") -> None:
        self.applied, self.reason = True, reason


class Damaging(Flow):
    """A body is damaged as a whole, so it is held until its end. The answer is 200, whatever its status was."""

    def __init__(self, now_ns: Callable[[], int], action: Damage) -> None:
        super().__init__(now_ns)
        self._action = action
        self._head: Head | None = None
        self._held = bytearray()

    def start(self, head: Head) -> list[Step]:
        if not head.has_body and head.status not in BODILESS:
            self._bypass("no_body")
            return [head]
        self._head = head
        return []

    def feed(self, data: bytes) -> list[Step]:
        if self._head is None:
            return [data]
        self._held += data
        if len(self._held) <= HELD_BYTES_MAX:
            return []
        self._bypass("body_too_long")
        return self._let_go(self._head, bytes(self._held))

    def end(self) -> list[Step]:
        if self._head is None:
            return []
        true = bytes(self._held)
        body = damaged(self._action.how, self._action.base, true)
        if body == true:
            self._bypass("no_body")
            return self._let_go(self._head, true)
        self._done()
        head = self._head.without("content-encoding") if self._action.how == "invalid-json" else self._head
        return self._let_go(head._replace(status=200, has_body=True).with_length(len(body)), body)

    def _let_go(self, head: Head, body: bytes) -> list[Step]:
        self._head = None
        self._held.clear()
        return [head, body] if body else [head]


class Streaming(Flow):
    """An answer that is a stream is taken event by event; `event` is asked about each, from 1. Others are bypassed."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        super().__init__(now_ns)
        self._splitter: Splitter | None = None
        self._count = 0

    def start(self, head: Head) -> list[Step]:
        kind = head.kind() if head.has_body else None
        if kind is None:
            self._bypass("not_a_stream")
            return [head]
        self._splitter = Splitter(kind)
        self._bypass("stream_ended")
        return self.begun(head.with_length(None))

    def begun(self, head: Head) -> list[Step]:
        """The head of a stream."""
        return [head]

    def event(self, raw: bytes, number: int) -> list[Step]:
        """What becomes of one event."""
        raise NotImplementedError

    def feed(self, data: bytes) -> list[Step]:
        return [data] if self._splitter is None else self._steps(self._splitter.feed(data))

    def end(self) -> list[Step]:
        return [] if self._splitter is None else self._steps(self._splitter.end())

    def _steps(self, pieces: list[Piece]) -> list[Step]:
        steps: list[Step] = []
        for piece in pieces:
            if not piece.is_event:
                steps.append(piece.raw)
                continue
            self._count += 1
            steps += self.event(piece.raw, self._count)
        return steps


class Spoiling(Streaming):
    """One event is damaged, the rest arrive."""

    def __init__(self, now_ns: Callable[[], int], action: Damage | SpoilEvent) -> None:
        super().__init__(now_ns)
        self._action = action
        self._how = action.how if isinstance(action, Damage) else "invalid-json"

    def begun(self, head: Head) -> list[Step]:
        return [head._replace(status=200) if isinstance(self._action, Damage) else head]

    def event(self, raw: bytes, number: int) -> list[Step]:
        if number != self._action.event or self._splitter is None:
            return [raw]
        self._done()
        return [spoiled(self._splitter.kind, self._how, self._action.base, raw)]


class Losing(Streaming):
    """One event is left out."""

    def __init__(self, now_ns: Callable[[], int], action: LoseEvent) -> None:
        super().__init__(now_ns)
        self._event = action.event

    def event(self, raw: bytes, number: int) -> list[Step]:
        if number != self._event:
            return [raw]
        self._done()
        return []


class Ending(Streaming):
    """A stream ends after so many events."""

    def __init__(self, now_ns: Callable[[], int], action: EndStream) -> None:
        super().__init__(now_ns)
        self._action = action

    def begun(self, head: Head) -> list[Step]:
        return [head, *self._after(0)]

    def event(self, raw: bytes, number: int) -> list[Step]:
        return [raw, *self._after(number)]

    def _after(self, number: int) -> list[Step]:
        if number != self._action.after_events:
            return []
        self._done()
        return [End(self._action.how)]


class Pausing(Streaming):
    """A stream pauses after so many events, any other body after its first piece."""

    def __init__(self, now_ns: Callable[[], int], action: Pause) -> None:
        super().__init__(now_ns)
        self._action = action

    def start(self, head: Head) -> list[Step]:
        steps = super().start(head)
        if self._splitter is None:
            self._bypass("no_body")
        return steps

    def begun(self, head: Head) -> list[Step]:
        return [head, *self._after(0)]

    def feed(self, data: bytes) -> list[Step]:
        if self._splitter is not None or self.applied or not data:
            return super().feed(data)
        return [data, *self._wait()]

    def event(self, raw: bytes, number: int) -> list[Step]:
        return [raw, *self._after(number)]

    def _after(self, number: int) -> list[Step]:
        return self._wait() if number == self._action.after_events else []

    def _wait(self) -> list[Step]:
        self._done()
        return [Wait(self._action.for_ns)]


class Cutting(Flow):
    """A body is cut at a place: `left` bytes go, then the end. One that is shorter ends without its proper end."""

    def __init__(self, now_ns: Callable[[], int], action: Cut) -> None:
        super().__init__(now_ns)
        self._action = action
        self._left = 0
        self._has_body = False

    def start(self, head: Head) -> list[Step]:
        length = head.length()
        self._has_body = head.has_body and length != 0
        self._left = cut_at(self._action.draw, length)
        if not self._has_body:
            self._bypass("no_body")
        return [head]

    def feed(self, data: bytes) -> list[Step]:
        if not self._has_body:
            return [data]
        kept = data[: self._left]
        self._left -= len(kept)
        steps: list[Step] = [kept] if kept else []
        return [*steps, *self._end()] if len(kept) < len(data) or self._left == 0 else steps

    def end(self) -> list[Step]:
        return self._end() if self._has_body and not self.applied else []

    def _end(self) -> list[Step]:
        self._done()
        return [End(self._action.how)]


class Closing(Flow):
    """The connection ends behind the head, or within the body, at the first of several limits that is reached."""

    def __init__(self, now_ns: Callable[[], int], action: Close) -> None:
        super().__init__(now_ns)
        self._action = action
        self._at_ns = 0
        self._bytes = self._chunks = 0
        if action.at == "in-body":
            self.after_ns = action.after_ns

    def start(self, head: Head) -> list[Step]:
        self._at_ns = self._now_ns()
        if self._action.at == "after-headers":
            self._done()
            return [head, End(self._action.how)]
        self._bypass("body_ended")
        first = self._limits(0, 0)
        return [head, *self._end(first)] if first else [head]

    def feed(self, data: bytes) -> list[Step]:
        first = self._limits(0, 0)  # of time
        if first:
            return self._end(first)
        limit = self._action.after_bytes
        kept = data if limit is None else data[: limit - self._bytes]
        self._bytes += len(kept)
        self._chunks += bool(data)
        first = self._limits(self._bytes, self._chunks)
        steps: list[Step] = [kept] if kept else []
        return [*steps, *self._end(first)] if first else steps

    def expire(self) -> list[Step]:
        return [] if self.applied else self._end("after_time")

    def _limits(self, size: int, chunks: int) -> str:
        action = self._action
        if action.after_ns is not None and self._now_ns() - self._at_ns >= action.after_ns:
            return "after_time"
        if action.after_bytes is not None and self._bytes >= action.after_bytes:
            return "after_bytes"
        return "after_chunks" if action.after_chunks is not None and self._chunks >= action.after_chunks else ""

    def _end(self, reason: str) -> list[Step]:
        self._done(reason)
        return [End(self._action.how)]


class Overriding(Flow):
    """Another status, with the answer's body or with one of its own."""

    def __init__(self, now_ns: Callable[[], int], action: Override) -> None:
        super().__init__(now_ns)
        self._action = action
        self._is_mute = action.body is not None or action.status in BODILESS

    def start(self, head: Head) -> list[Step]:
        self._done()
        status, body = self._action.status, self._action.body
        if status in BODILESS:
            return [Head(status, head.with_length(None).headers, False)]
        changed = head._replace(status=status, has_body=head.has_body or head.status in BODILESS)
        if body is None:
            return [changed]
        return [changed.without("content-encoding").with_length(len(body)), body]

    def feed(self, data: bytes) -> list[Step]:
        return [] if self._is_mute else [data]


_FLOWS: dict[type[Any], Callable[[Callable[[], int], Any], Flow]] = {
    SpoilEvent: Spoiling,
    LoseEvent: Losing,
    EndStream: Ending,
    Pause: Pausing,
    Cut: Cutting,
    Close: Closing,
    Override: Overriding,
}


def flow_of(action: Action | None, head: Head, now_ns: Callable[[], int]) -> Flow:
    """The flow for an action, once the answer's head is known."""
    if isinstance(action, Damage):
        if head.kind() is None or not head.has_body:
            return Damaging(now_ns, action)
        if action.streams == "corrupt":
            return Spoiling(now_ns, action)
        flow = Flow(now_ns)
        flow.reason = "stream"
        return flow
    make = _FLOWS.get(type(action))
    return Flow(now_ns) if make is None else make(now_ns, action)
