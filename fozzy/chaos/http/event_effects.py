"""What faults do to streams of events, one event at a time while they flow: lose, spoil, end, pause."""

from __future__ import annotations

from collections import deque

from fozzy.chaos.http.answers import Answer
from fozzy.chaos.http.effect import Effect
from fozzy.chaos.http.refusals import CutOff
from fozzy.chaos.http.turn import Turn
from fozzy.faults.http.bodies import spoiled
from fozzy.faults.http.decision import Damage, EndStream, LoseEvent, Pause, SpoilEvent
from fozzy.faults.http.events import Piece, Splitter, kind_of

EventAction = LoseEvent | SpoilEvent | EndStream | Pause | Damage


def is_encoded(answer: Answer) -> bool:
    """Whether the body is compressed, so that its events cannot be told apart."""
    return answer.header("content-encoding").strip().lower() not in ("", "identity")


class EventEffect(Effect):
    """A stream of which one event is lost or spoiled, or which ends or pauses after some. A pause needs no events."""

    def __init__(self, inner: Answer, turn: Turn, action: EventAction) -> None:
        super().__init__(inner, turn)
        self._action = action
        kind = kind_of(inner.header("content-type"))
        self._splitter = Splitter(kind) if kind is not None else None
        self._pending: deque[Piece] = deque()
        self._passed = 0  # events
        self._is_over = False
        if not isinstance(action, Pause):
            self.length = None

    async def piece(self) -> bytes:
        while True:
            await self._between()
            if self._pending:
                raw = self._changed(self._pending.popleft())
                if raw:
                    return raw
            elif self._is_over:
                self.turn.bypass("stream_ended")
                return b""
            else:
                await self._read()

    async def _read(self) -> None:
        data = await self.heard()
        self._is_over = not data
        if self._splitter is None:
            self._pending.extend([Piece(data, True)] if data else [])
        else:
            self._pending.extend(self._splitter.feed(data) if data else self._splitter.end())

    async def _between(self) -> None:
        """What happens where the stream stands now."""
        action = self._action
        if self.turn.is_settled:
            return
        if isinstance(action, EndStream) and self._passed >= action.after_events:
            self.turn.apply()
            raise CutOff(action.how, "cut_stream")
        if isinstance(action, Pause) and self._passed >= (action.after_events if self._splitter is not None else 1):
            self.turn.apply()
            await self.turn.hold(action.for_ns)

    def _changed(self, piece: Piece) -> bytes:
        """What goes on of a piece."""
        self._passed += piece.is_event
        action = self._action
        if self.turn.is_settled or not piece.is_event or isinstance(action, EndStream | Pause):
            return piece.raw
        if self._passed != action.event:
            return piece.raw
        if isinstance(action, LoseEvent):
            self.turn.apply()
            return b""
        assert self._splitter is not None
        how = action.how if isinstance(action, Damage) else "invalid-json"
        raw = spoiled(self._splitter.kind, how, action.base, piece.raw)
        if raw == piece.raw:
            self.turn.bypass("no_body")
        else:
            self.turn.apply()
        return raw
