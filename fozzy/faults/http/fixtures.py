"""Answers that a route gives by itself, as the bytes that go to a client."""

from __future__ import annotations

from binascii import a2b_base64
from typing import Any, NamedTuple

import msgspec

from fozzy.core.duration import parse_ns
from fozzy.core.exchange import Headers
from fozzy.faults.http.plan import Answer


class Fixture(NamedTuple):
    """`pieces` are (nanoseconds to wait before, bytes); of a stream they come one by one."""

    status: int
    headers: Headers
    pieces: list[tuple[int, bytes]]
    is_stream: bool
    delay_ns: int


def fixture_of(answer: Answer) -> Fixture:
    """What an answer of a plan is on the wire."""
    content_type, pieces, is_stream = _content(answer)
    headers = list(answer.headers.items())
    if content_type and not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, ("Content-Type", content_type))
    pace_ns = parse_ns(answer.pace) if answer.pace else 0
    timed = [(pace_ns if index else 0, piece) for index, piece in enumerate(pieces)]
    return Fixture(answer.status, headers, timed, is_stream, parse_ns(answer.delay) if answer.delay else 0)


def _content(answer: Answer) -> tuple[str, list[bytes], bool]:
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
