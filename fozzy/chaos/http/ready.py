"""Answers that are there already: a fault's, a route's own, one from a cassette. They come as upstream's do."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec

from fozzy.chaos.http.answers import Answer, Ended
from fozzy.chaos.http.refusals import UpstreamFailed
from fozzy.core.duration import parse_ns
from fozzy.core.exchange import Answered, Headers
from fozzy.faults.http import plan
from fozzy.faults.http.decision import Give

Sleep = Callable[[int], Awaitable[None]]  # nanoseconds
_HOP = frozenset(("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"))
_REASONS = {status.value: status.phrase for status in HTTPStatus}


def reason_of(status: int) -> str:
    """The words beside a status (RFC 9110, 15)."""
    return _REASONS.get(status, "")


class Ready(Answer):
    """An answer of known pieces. `pieces` are (nanoseconds to wait before, bytes)."""

    def __init__(self, status: int, headers: Headers, pieces: list[tuple[int, bytes]], sleep: Sleep | None) -> None:
        self.status = status
        self.reason = reason_of(status)
        self.headers = headers
        self.rows = [f"{name}: {value}\r\n" for name, value in headers if name.lower() not in _HOP]
        self.has_body = status >= 200 and status not in (204, 304)
        self._pieces = pieces
        self._next = 0
        self._sleep = sleep
        self._ending: Ended = "whole"
        self._trailers: Headers = []
        self.says_length = any(name.lower() == "content-length" for name, _ in headers)
        if sleep is None:
            self.whole = b"".join(piece for _, piece in pieces)
            self.length = len(self.whole)
            self.ended = "whole"

    async def piece(self) -> bytes:
        if self.whole is not None:
            data, self.whole = self.whole, None
            self._next = len(self._pieces)
            return data
        if not self.has_body or self._next == len(self._pieces):
            return self._end()
        wait_ns, data = self._pieces[self._next]
        self._next += 1
        if wait_ns and self._sleep is not None:
            await self._sleep(wait_ns)
        return data if data else await self.piece()

    @property
    def trailers(self) -> Headers:
        return self._trailers

    def _end(self) -> bytes:
        self.ended = self._ending
        if self._ending in ("short", "rst"):
            raise UpstreamFailed("upstream_short", "the recorded answer ended too early")
        return b""


def given(give: Give) -> Ready:
    """What a fault, or we, answer in upstream's place."""
    return Ready(give.status, give.headers, [(0, give.body)], None)


def fixture(answer: plan.Answer, sleep: Sleep) -> Ready:
    """The answer of a route."""
    content_type, pieces, is_stream = _content(answer)
    headers = list(answer.headers.items())
    if content_type and not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, ("Content-Type", content_type))
    pace_ns = parse_ns(answer.pace) if answer.pace else 0
    timed = [(pace_ns if index else 0, piece) for index, piece in enumerate(pieces)]
    ready = Ready(answer.status, headers, timed, sleep if is_stream else None)
    ready.chunked = is_stream
    return ready


def _content(answer: plan.Answer) -> tuple[str, list[bytes], bool]:
    """Content type, pieces of the body, and whether they come one by one."""
    if answer.json is not msgspec.UNSET:
        return "application/json", [msgspec.json.encode(answer.json)], False
    if answer.text is not None:
        return "text/plain; charset=utf-8", [answer.text.encode()], False
    if answer.base64 is not None:
        return "application/octet-stream", [a2b_base64(answer.base64)], False
    if answer.events is not None:
        return "text/event-stream", [_event(each) for each in answer.events], True
    if answer.lines is not None:
        return "application/x-ndjson", [_text(each) + b"\n" for each in answer.lines], True
    return "", [b""], False


def _event(value: Any) -> bytes:
    return b"".join(b"data: " + line + b"\n" for line in _text(value).split(b"\n")) + b"\n"


def _text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def recorded(answer: Answered, pace: float, sleep: Sleep) -> Ready:
    """An answer of a cassette; `pace` scales the recorded times between its pieces, 0 is at once."""
    body = answer.body.data()
    pieces = _paced(body, answer.chunks, pace)
    is_plain = answer.ended in ("whole", "fin") and not pace and not answer.chunked
    ready = Ready(answer.status, answer.headers, pieces, None if is_plain else sleep)
    ready.reason, ready.version, ready.chunked = answer.reason, answer.version, answer.chunked
    ready._ending = answer.ended
    ready._trailers = answer.trailers
    if not is_plain:
        ready.length = _length(answer.headers)
    return ready


def _paced(body: bytes, chunks: list[tuple[int, int]], pace: float) -> list[tuple[int, bytes]]:
    pieces, at, before = [], 0, 0
    for since_ns, size in chunks:
        pieces.append((round((since_ns - before) * pace), body[at : at + size]))
        at, before = at + size, since_ns
    return [*pieces, (0, body[at:])] if at < len(body) else pieces


def _length(headers: Headers) -> int | None:
    said = next((value for name, value in headers if name.lower() == "content-length"), "")
    return int(said) if said.isdigit() else None
