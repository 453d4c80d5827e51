"""What faults do to an answer on its way: each is an answer around the true one, so nothing is gathered that can flow.

Rule 1: the true answer is heard (recorded) before an effect touches it, and to its end where it is finite.
Rule 2: an effect says `apply` when it has really happened, and `bypass` with the reason when it cannot.
Rule 3: a cut comes after everything before it was handed on.
To add one: its action in `faults/http/decision`, a class here or in `event_effects`, a line in `EFFECTS`.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

import trio

from fozzy.chaos.http.answers import Answer
from fozzy.chaos.http.effect import Effect
from fozzy.chaos.http.event_effects import EventEffect, is_encoded
from fozzy.chaos.http.heads import without_length
from fozzy.chaos.http.ready import reason_of
from fozzy.chaos.http.refusals import CutOff
from fozzy.chaos.http.turn import Turn
from fozzy.faults.http.bodies import CUT_BYTES, cut_at, damaged
from fozzy.faults.http.decision import Close, Cut, Damage, EndStream, LoseEvent, Override, Pause, SpoilEvent
from fozzy.faults.http.events import kind_of

GATHERED_BYTES_MAX = 8 << 20  # of a body that is damaged; behind it a longer one goes on as it is, or ends
BLOCK_BYTES = 65536  # stands for a chunk where a body has none


class Overridden(Effect):
    """Another status, with upstream's body or one of its own."""

    def __init__(self, inner: Answer, turn: Turn, action: Override) -> None:
        super().__init__(inner, turn)
        self.status, self.reason = action.status, reason_of(action.status)
        self._own = action.body
        if action.status in (204, 304) or action.status < 200:
            self.has_body = False
        elif action.body is not None or not inner.has_body:
            self._own = action.body or b""
            self.length, self.has_body, self.chunked = len(self._own), True, False
            self.rows = [row for row in without_length(inner.rows) if not row.lower().startswith("content-encoding:")]
            self.says_length = False
        turn.apply()

    async def piece(self) -> bytes:
        if self._own is None:
            return await self.heard()
        own, self._own = self._own, b""
        if own:
            return own
        while await self.heard():
            pass
        return b""


class Closing(Effect):
    """The connection ends at the first limit that is reached: bytes, chunks, or time since the head."""

    def __init__(self, inner: Answer, turn: Turn, action: Close) -> None:
        super().__init__(inner, turn)
        self._how = action.how
        self._bytes_left: float = math.inf if action.after_bytes is None else action.after_bytes
        self._chunks_left: float = math.inf if action.after_chunks is None else action.after_chunks
        self._by_block = not inner.chunked
        self._why = "after_bytes"
        if self._by_block and self._chunks_left * BLOCK_BYTES < self._bytes_left:
            self._bytes_left, self._why = self._chunks_left * BLOCK_BYTES, "after_chunks"
        self._deadline = math.inf if action.after_ns is None else trio.current_time() + action.after_ns / 1e9
        if action.at == "after-headers":
            self._bytes_left, self._why = 0, "after_headers"
        elif inner.has_body and inner.length is not None and self._bytes_left >= inner.length:
            self._bytes_left = math.inf  # the body is whole by then

    async def piece(self) -> bytes:
        if self._bytes_left <= 0:
            self._cut(self._why)
        if not self._by_block and self._chunks_left <= 0:
            self._cut("after_chunks")
        if trio.current_time() >= self._deadline:
            self._cut("after_time")
        piece = await self._in_time() if self._deadline < math.inf else await self.heard()
        if not piece:
            self.turn.bypass("stream_ended" if self.inner.has_body else "no_body")
            return b""
        self._chunks_left -= 1
        if len(piece) > self._bytes_left:
            piece = piece[: int(self._bytes_left)]
        self._bytes_left -= len(piece)
        return piece or await self.piece()

    async def _in_time(self) -> bytes:
        with trio.move_on_at(self._deadline):
            return await self.heard()
        return self._cut("after_time")

    def _cut(self, why: str) -> bytes:
        self.turn.apply(why)
        raise CutOff(self._how, why)


class CutShort(Effect):
    """The body ends before its end: at the draw of its length, else of as much as is gathered to see how long it is.

    What is gathered is bounded, so a longer body is cut within that; events are not gathered, they flow.
    """

    def __init__(self, inner: Answer, turn: Turn, action: Cut) -> None:
        super().__init__(inner, turn)
        self._action = action
        self._pieces: list[bytes] = []
        self._left = 0
        self._is_empty = False

    async def gather(self) -> None:
        """Find out where to cut."""
        length, size = self.inner.length, 0
        if length is None and kind_of(self.inner.header("content-type")) is None:
            while size < CUT_BYTES and (piece := await self.heard()):
                self._pieces.append(piece)
                size += len(piece)
            length = size if size < CUT_BYTES else None
        self._left = cut_at(self._action.draw, length)
        self._is_empty = length == 0

    async def piece(self) -> bytes:
        if self._left <= 0 and not self._is_empty:
            self.turn.apply()
            raise CutOff(self._action.how, "partial")
        piece = self._pieces.pop(0) if self._pieces else await self.heard()
        if not piece:
            self.turn.bypass("no_body" if self._is_empty else "stream_ended")
            return b""
        piece = piece[: self._left]
        self._left -= len(piece)
        return piece


class Damaged(Effect):
    """A body with damage, of a known length where it is not too long, under status 200."""

    def __init__(self, inner: Answer, turn: Turn, action: Damage) -> None:
        super().__init__(inner, turn)
        self._action = action
        self._pieces: list[bytes] = []
        self._goes_on = False

    async def gather(self) -> None:
        """Take the body in, as far as it is damaged, so that the head can say how long it is."""
        pieces, size = [], 0
        while size <= GATHERED_BYTES_MAX and (piece := await self.heard()):
            pieces.append(piece)
            size += len(piece)
        how, body = self._action.how, b"".join(pieces)
        spoiled = damaged(how, self._action.base, body)
        if spoiled == body:
            return self._leave(body)
        self.turn.apply()
        self.status, self.reason, self.has_body = 200, "OK", True
        self._pieces = [spoiled]
        self._goes_on = size > GATHERED_BYTES_MAX
        keeps_length = self._goes_on and how in ("bit-flip", "random-bytes")
        if not keeps_length:
            self.length = None if self._goes_on else len(spoiled)
            self.rows, self.says_length = without_length(self.rows), False
        if how == "invalid-json":  # else a client would fail at the coding and never see that it is no JSON
            self.rows = [row for row in self.rows if not row.lower().startswith("content-encoding:")]
        return None

    def _leave(self, body: bytes) -> None:
        self.turn.bypass("no_body")
        self._pieces = [body] if body else []

    async def piece(self) -> bytes:
        if self._pieces:
            return self._pieces.pop()
        if not self._goes_on:
            return b""
        if self._action.how in ("bit-flip", "random-bytes"):
            return await self.heard()
        while await self.heard():
            pass
        return b""


async def _damage(inner: Answer, turn: Turn, action: Damage) -> Answer:
    if turn.head.method == "HEAD" or not inner.has_body and action.how != "invalid-json":
        return _bypassed(inner, turn, "no_body")
    kind = kind_of(inner.header("content-type"))
    if kind is not None and inner.has_body:
        if action.streams == "bypass":
            return _bypassed(inner, turn, "stream")
        return await _events(inner, turn, action)
    effect = Damaged(inner, turn, action)
    await effect.gather()
    return effect


async def _override(inner: Answer, turn: Turn, action: Override) -> Answer:
    return Overridden(inner, turn, action)


async def _close(inner: Answer, turn: Turn, action: Close) -> Answer:
    return Closing(inner, turn, action)


async def _cut(inner: Answer, turn: Turn, action: Cut) -> Answer:
    if turn.head.method == "HEAD" or not inner.has_body:
        return _bypassed(inner, turn, "no_body")
    effect = CutShort(inner, turn, action)
    await effect.gather()
    return effect


async def _events(inner: Answer, turn: Turn, action: Any) -> Answer:
    if turn.head.method == "HEAD" or not inner.has_body:
        return _bypassed(inner, turn, "no_body")
    if kind_of(inner.header("content-type")) is None and not isinstance(action, Pause):
        return _bypassed(inner, turn, "not_a_stream")
    if is_encoded(inner):
        return _bypassed(inner, turn, "encoded")
    return EventEffect(inner, turn, action)


def _bypassed(inner: Answer, turn: Turn, reason: str) -> Answer:
    turn.bypass(reason)
    return inner


EFFECTS: dict[type, Callable[[Answer, Turn, Any], Awaitable[Answer]]] = {
    Override: _override,
    Close: _close,
    Cut: _cut,
    Damage: _damage,
    LoseEvent: _events,
    SpoilEvent: _events,
    EndStream: _events,
    Pause: _events,
}
