"""Requests that a toxic answers: collected until they are whole, then answered here, or sent on as something else.

Rule 1: no byte is lost. Where nobody answers after all (the toxic is gone, the request too long, its end never came), what
was collected goes on as it is, and the strike is bypassed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.faults.tcp.frames.base import Framer
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.kinds.base import Answer, Instead
from fozzy.faults.tcp.message import Chunk, Cut, Item, Message

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

ANSWERED_BYTES_MAX = 1 << 20  # of a request that is to be answered here; a longer one goes on


class Answering:
    """Of one connection. One request at a time can be collected, since the next one comes behind it."""

    def __init__(self, framer: Framer) -> None:
        self._framer = framer
        self._request: Message | None = None  # that is collected
        self._pieces: list[bytes] = []
        self._size = 0
        self._given_up: Message | None = None  # it goes on, to its end

    @property
    def is_idle(self) -> bool:
        """Whether nothing is collected."""
        return self._request is None

    def take(self, chunk: Chunk, grips: list[Grip]) -> tuple[bytes, list[Item]]:
        """Bytes of a request: what the server gets of it now, and what the client is told before its answer."""
        before = b"" if chunk.message is self._request else self._closed(grips)
        data, told = self._add(chunk, grips)
        return before + data, told

    def rest(self) -> bytes:
        """What was collected, since its end does not come."""
        return self._rest("no_end")

    def _closed(self, grips: list[Grip]) -> bytes:
        """The next message begins, which may be how the one before it ends."""
        request = self._request
        grip = None if request is None else _answering(request, grips)
        if request is None or grip is None or not request.is_ended:
            return self.rest()
        return self._answered(request, grip)

    def _add(self, chunk: Chunk, grips: list[Grip]) -> tuple[bytes, list[Item]]:
        request = chunk.message
        grip = _answering(request, grips)
        if grip is None or request is self._given_up:
            _bypass(request, "toxic_gone")
            return self._rest("toxic_gone") + chunk.data, []
        meanwhile = [] if request is self._request else self._framer.withheld(request)
        self._request = request
        self._pieces.append(chunk.data)
        self._size += len(chunk.data)
        if self._size > ANSWERED_BYTES_MAX:
            self._given_up = request
            return self._rest("too_long"), []
        return (self._answered(request, grip), []) if chunk.is_last else (b"", meanwhile)

    def _rest(self, reason: str) -> bytes:
        request, data = self._collected()
        if request is not None:
            _bypass(request, reason)
        return data

    def _collected(self) -> tuple[Message | None, bytes]:
        request, data = self._request, b"".join(self._pieces)
        self._request, self._pieces, self._size = None, [], 0
        return request, data

    def _answered(self, request: Message, grip: Grip) -> bytes:
        """A request is whole: what the server gets of it. The framer has the answer."""
        data = self._collected()[1]
        strike = grip.strike_of(request)
        assert strike is not None
        said = grip.armed.kind.answer(request, data, grip)
        if said is None:
            strike.bypassed("no_answer")
        else:
            strike.applied(said.said)
        _bypass(request, "answered")
        if isinstance(said, Answer):
            self._framer.answer(request, said.data, Cut(grip.name, "fin", "fin") if said.ends else None)
            return b""
        if isinstance(said, Instead):
            self._framer.instead(request, said.reply)
            return said.data
        return data


def answers_all(grips: list[Grip]) -> bool:
    """Whether a toxic struck the connection and answers its requests."""
    return any(grip.on_connection is not None and grip.armed.kind.is_of_requests for grip in grips)


def _answering(request: Message, grips: list[Grip]) -> Grip | None:
    """The first toxic that answers requests, and struck this one, or its connection."""
    for grip in grips:
        if not grip.armed.kind.is_of_requests or grip.strike_of(request) is None:
            continue
        if grip.on_connection is None or grip.armed.fits(request):
            return grip
    return None


def _bypass(request: Message, reason: str) -> None:
    """What would answer it, and has not, does not."""
    for strike in request.strikes.values():
        if KINDS[strike.type].is_of_requests:
            strike.bypassed(reason)
