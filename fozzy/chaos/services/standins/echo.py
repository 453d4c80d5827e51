"""A server that says what it was asked: `GET /status/503` has that status, every other path is answered with the request."""

from __future__ import annotations

from fozzy.chaos.services.standins.http import Answer, Answers, Request, json_answer

STATUS = "/status/"
EMPTY = (204, 304)  # whose answers have no body
BODY_CHARS_MAX = 65536


def echo(request: Request) -> Answer:
    """Any request."""
    said = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "body": request.body[:BODY_CHARS_MAX].decode("utf-8", "replace"),
    }
    asked = request.path.removeprefix(STATUS)
    status = int(asked) if asked != request.path and asked.isdecimal() else 200
    if not 200 <= status < 1000:
        raise ValueError(f"no answer ends with status {status}")
    return Answer(b"", status) if status in EMPTY else json_answer(said, status)


ANSWERS: Answers = {"": echo}
