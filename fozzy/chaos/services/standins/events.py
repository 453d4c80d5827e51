"""A stream of server-sent events that goes on where a client stopped: after its `Last-Event-ID`.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from fozzy.chaos.services.standins.http import Answer, Answers, Request

LOOK_S = 0.01  # between two looks whether there are more events
COUNT = 5  # of them, where nobody says which


def stream(request: Request) -> Answer:
    """`GET /events`, whichever path stands before it."""
    last = request.headers.get("last-event-id") or request.query.get("after") or "0"
    after = int(last)
    if after < 0:
        raise ValueError(f"events are counted from 1, got {after}")
    return Answer(_events(request.read, after), type="text/event-stream")


def _events(read: Callable[[], dict[str, Any]], after: int) -> Iterator[bytes]:
    """All after one, and those that are published meanwhile where it goes on."""
    pause, said = threading.Event(), read()
    end = "\r\n" if said.get("crlf") else "\n"
    if "retry_ms" in said:
        yield f"retry: {said['retry_ms']}{end}{end}".encode()
    while True:
        found = listed(said)
        for number in range(after + 1, len(found) + 1):
            yield written(number, found[number - 1], end)
        after = max(after, len(found))
        if not said.get("goes_on"):
            return
        pause.wait(LOOK_S)
        said = read()


def listed(said: dict[str, Any]) -> list[Any]:
    """The events there are."""
    found: list[Any] = said.get("events", [{"n": number} for number in range(1, COUNT + 1)])
    return found


def written(number: int, data: Any, end: str = "\n") -> bytes:
    """One event; a text of several lines is several lines of data."""
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    lines = [f"id: {number}", *(f"data: {line}" for line in text.split("\n"))]
    return (end.join(lines) + end + end).encode()


ANSWERS: Answers = {"/events": stream}
