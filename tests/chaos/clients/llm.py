"""A stand-in for a service with a chat model: completions, plain and as a stream, over real sockets."""

from __future__ import annotations

import json
from typing import Any

from tests.chaos.upstream import Line, Request, Upstream, head_of

WORDS = ["Hello", " there", ",", " world", "."]
TEXT = "".join(WORDS)
PATH = "/v1/chat/completions"


def completion() -> dict[str, Any]:
    """A whole answer."""
    message = {"role": "assistant", "content": TEXT}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 1, "completion_tokens": 5, "total_tokens": 6}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "stand-in",
        "choices": [choice],
        "usage": usage,
    }


def chunk(delta: dict[str, str], reason: str | None) -> bytes:
    """One event of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
    said = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "stand-in",
        "choices": [choice],
    }
    return b"data: " + json.dumps(said).encode() + b"\n\n"


def events() -> list[bytes]:
    """A stream: a word each, the end, and the mark of the end."""
    return [*(chunk({"content": word}, None) for word in WORDS), chunk({}, "stop"), b"data: [DONE]\n\n"]


def chat(request: Request, line: Line) -> bool:
    """Answer a request for a completion."""
    if json.loads(request.body).get("stream"):
        line.send(head_of(200, [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")]))
        for event in events():
            line.send(b"%x\r\n%s\r\n" % (len(event), event))
        line.send(b"0\r\n\r\n")
        return True
    body = json.dumps(completion()).encode()
    line.send(head_of(200, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]) + body)
    return True


def model() -> Upstream:
    """The service. *Closes*: as a context."""
    upstream = Upstream()
    upstream.on(PATH, chat)
    return upstream
