"""A model as Anthropic's clients speak to it: messages, plain and as a stream, and the count of their tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fozzy.chaos.services.standins.http import Answer, Answers, Request, json_answer
from fozzy.chaos.services.standins.words import events, last_of, pieces, reply, tokens


def messages(request: Request) -> Answer:
    """`POST /v1/messages`."""
    asked = request.document()
    heard = last_of(asked["messages"])
    text = reply(heard, request.said)
    if asked.get("stream"):
        return Answer(list(events(_steps(asked, heard, text))), type="text/event-stream")
    return json_answer(_message(asked, heard, text))


def count(request: Request) -> Answer:
    """`POST /v1/messages/count_tokens`."""
    return json_answer({"input_tokens": tokens(last_of(request.document()["messages"]))})


def _message(asked: dict[str, Any], heard: str, text: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": tokens(heard), "output_tokens": tokens(text)},
    }


def _steps(asked: dict[str, Any], heard: str, text: str) -> Iterator[dict[str, Any]]:
    whole = _message(asked, heard, text)
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    yield {"type": "message_start", "message": begun}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    yield {"type": "ping"}
    for piece in pieces(text):
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    yield {"type": "content_block_stop", "index": 0}
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": tokens(text)}}
    yield {"type": "message_stop"}


ANSWERS: Answers = {"/messages/count_tokens": count, "/messages": messages}
