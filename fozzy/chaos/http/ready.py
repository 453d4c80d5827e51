"""Answers that are there already: a fault's, a route's own, one from a cassette. They come as upstream's do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fozzy.chaos.http.answers import Answer, Ended
from fozzy.chaos.http.heads import rows_of
from fozzy.chaos.http.refusals import UpstreamFailed
from fozzy.core.exchange import Answered, Headers
from fozzy.faults.http.decision import Give
from fozzy.faults.http.fixtures import Fixture

Sleep = Callable[[int], Awaitable[None]]  # nanoseconds
_HOP = frozenset(("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"))
_REASONS = {status.value: status.phrase for status in HTTPStatus}


def reason_of(status: int) -> str:
    """The words beside a status (RFC 9110, 15)."""
    return _REASONS.get(status, "")


class Ready(Answer):
    """An answer of known pieces, (nanoseconds to wait before, bytes). Without a `sleep` it is whole at once."""

    def __init__(self, status: int, headers: Headers, pieces: list[tuple[int, bytes]], sleep: Sleep | None) -> None:
        self.status = status
        self.reason = reason_of(status)
        self.headers = headers
        self.passed = [pair for pair in headers if pair[0].lower() not in _HOP]
        self.text = rows_of(self.passed)
        self.has_body = status >= 200 and status not in (204, 304)
        said = next((value for name, value in headers if name.lower() == "content-length"), None)
        self.says_length = said is not None
        self.length = int(said) if said is not None and said.isdecimal() else None
        self._pieces = pieces
        self._next = 0
        self._sleep = sleep
        self._ending: Ended = "whole"
        self._trailers: Headers = []
        if sleep is None:
            self.whole = b"".join([piece for _, piece in pieces])
            self.ended = "whole"
            if not self.says_length:
                self.length = len(self.whole)

    async def piece(self) -> bytes:
        if self.whole is not None:
            data, self.whole = self.whole, None
            self._next = len(self._pieces)
            return data
        while self.has_body and self._next < len(self._pieces):
            wait_ns, data = self._pieces[self._next]
            self._next += 1
            if wait_ns and self._sleep is not None:
                await self._sleep(wait_ns)
            if data:
                return data
        self.ended = self._ending
        if self.ended in ("short", "rst"):
            raise UpstreamFailed("upstream_short", "the recorded answer ended too early")
        return b""

    @property
    def trailers(self) -> Headers:
        return self._trailers


def given(give: Give) -> Ready:
    """What a fault, or we, answer in upstream's place."""
    return Ready(give.status, give.headers, [(0, give.body)], None)


def fixture(said: Fixture, sleep: Sleep) -> Ready:
    """The answer of a route; a stream comes piece by piece."""
    ready = Ready(said.status, said.headers, said.pieces, sleep if said.is_stream else None)
    ready.chunked = said.is_stream
    return ready


def recorded(answer: Answered, pace: float, sleep: Sleep) -> Ready:
    """An answer of a cassette; `pace` scales the recorded times between its pieces, 0 is at once."""
    is_plain = answer.ended == "whole" and not pace and not answer.chunked
    pieces = _paced(answer.body.data(), answer.chunks, pace)
    ready = Ready(answer.status, answer.headers, pieces, None if is_plain else sleep)
    ready.reason, ready.version, ready.chunked = answer.reason, answer.version, answer.chunked
    ready._ending, ready._trailers = answer.ended, answer.trailers
    return ready


def _paced(body: bytes, chunks: list[tuple[int, int]], pace: float) -> list[tuple[int, bytes]]:
    pieces, at, before = [], 0, 0
    for since_ns, size in chunks:
        pieces.append((round((since_ns - before) * pace), body[at : at + size]))
        at, before = at + size, since_ns
    return [*pieces, (0, body[at:])] if at < len(body) else pieces
