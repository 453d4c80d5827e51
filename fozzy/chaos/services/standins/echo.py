"""A server that says what it was asked: `GET /status/503` has that status, every other path is answered with the request."""

from __future__ import annotations

from fozzy.chaos.services.standins.http import Answer, Answers, Request, json_answer

STATUS = "/status/"
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
    status = request.path.removeprefix(STATUS)
    return json_answer(said, int(status) if status != request.path and status.isdecimal() else 200)


ANSWERS: Answers = {"": echo}
