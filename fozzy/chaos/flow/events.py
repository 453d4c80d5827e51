"""Faults of streams, one event at a time while they flow."""

from __future__ import annotations

from collections.abc import Callable

from fozzy.chaos.flow.base import End, Flow, Head, Step, Struck, Wait
from fozzy.faults.http.bodies import spoiled
from fozzy.faults.http.decision import Damage, EndStream, LoseEvent, Pause, SpoilEvent
from fozzy.faults.http.events import Piece, Splitter


class Streaming(Flow):
    """An answer that is a stream is taken event by event; `event` is asked about each, from 1. Others are bypassed."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        super().__init__(now_ns)
        self._splitter: Splitter | None = None
        self._count = 0

    def start(self, head: Head) -> list[Step]:
        kind = head.kind()
        if not head.has_body or kind is None or head.is_encoded():
            self._bypass("no_body" if not head.has_body else "not_a_stream" if kind is None else "encoded")
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
        changed = spoiled(self._splitter.kind, self._how, self._action.base, raw)
        if changed == raw:
            self._bypass("no_body")
            return [raw]
        self._done()
        return [Struck(changed)]


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
    """A stream pauses after so many events, any other body after its first byte: a piece may be all of it."""

    def __init__(self, now_ns: Callable[[], int], action: Pause) -> None:
        super().__init__(now_ns)
        self._action = action

    def start(self, head: Head) -> list[Step]:
        steps = super().start(head)
        if self._splitter is None and self.reason == "not_a_stream":
            self._bypass("no_body")
        return steps

    def begun(self, head: Head) -> list[Step]:
        return [head, *self._after(0)]

    def feed(self, data: bytes) -> list[Step]:
        if self._splitter is not None or self.reason != "no_body" or not data:
            return super().feed(data)
        return [data[:1], *self._wait(), *([data[1:]] if data[1:] else [])]

    def event(self, raw: bytes, number: int) -> list[Step]:
        return [raw, *self._after(number)]

    def _after(self, number: int) -> list[Step]:
        return self._wait() if number == self._action.after_events else []

    def _wait(self) -> list[Step]:
        self._done()
        return [Wait(self._action.for_ns)]
