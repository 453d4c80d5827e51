"""A model as OpenAI's clients speak to it: chat completions, responses, the list of models; plain and as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fozzy.chaos.services.standins.http import Answer, Answers, Request, json_answer
from fozzy.chaos.services.standins.words import CREATED, event, events, last_of, pieces, reply, text_of, tokens

STREAM = "text/event-stream"


def completions(request: Request) -> Answer:
    """`POST /chat/completions`."""
    asked = request.document()
    heard = last_of(asked["messages"])
    text = reply(heard, request.said)
    if asked.get("stream"):
        return Answer(list(_chunks(asked, text)), type=STREAM)
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return json_answer({**_named(asked, "chat.completion"), "choices": [choice], "usage": _usage(heard, text)})


def _chunks(asked: dict[str, Any], text: str) -> Iterator[bytes]:
    named = _named(asked, "chat.completion.chunk")
    for number, piece in enumerate(pieces(text)):
        delta = {"content": piece} if number else {"role": "assistant", "content": piece}
        yield event({**named, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield event({**named, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield event({**named, "choices": [], "usage": _usage(last_of(asked["messages"]), text)})
    yield b"data: [DONE]\n\n"


def _named(asked: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": CREATED, "model": asked["model"]}


def _usage(heard: str, text: str) -> dict[str, int]:
    costs = tokens(heard), tokens(text)
    return {"prompt_tokens": costs[0], "completion_tokens": costs[1], "total_tokens": sum(costs)}


def responses(request: Request) -> Answer:
    """`POST /responses`."""
    asked = request.document()
    given = asked.get("input", "")
    heard = given if isinstance(given, str) else last_of(given) or text_of(given)
    text = reply(heard, request.said)
    if asked.get("stream"):
        return Answer(list(events(_steps(asked, heard, text))), type=STREAM)
    return json_answer(_response(asked, heard, text))


def _response(asked: dict[str, Any], heard: str, text: str, status: str = "completed") -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": status, "content": [part]}
    given, made = tokens(heard), tokens(text)
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "model": asked["model"],
        "output": [message] if status == "completed" else [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": given,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": made,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": given + made,
        },
    }


def _steps(asked: dict[str, Any], heard: str, text: str) -> Iterator[dict[str, Any]]:
    whole = _response(asked, heard, text)
    message = whole["output"][0]
    part, empty = message["content"][0], {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    begun = {**message, "status": "in_progress", "content": []}
    there = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    started = _response(asked, heard, text, "in_progress")
    steps: list[dict[str, Any]] = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
        {"type": "response.output_item.added", "output_index": 0, "item": begun},
        {"type": "response.content_part.added", **there, "part": empty},
        *({"type": "response.output_text.delta", **there, "delta": each, "logprobs": []} for each in pieces(text)),
        {"type": "response.output_text.done", **there, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **there, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": message},
        {"type": "response.completed", "response": whole},
    ]
    for number, step in enumerate(steps):
        yield {**step, "sequence_number": number}


def models(request: Request) -> Answer:
    """`GET /models`."""
    model = {"id": "stand-in", "object": "model", "created": CREATED, "owned_by": "fozzy"}
    return json_answer({"object": "list", "data": [model]})


ANSWERS: Answers = {"/chat/completions": completions, "/responses": responses, "/models": models}
