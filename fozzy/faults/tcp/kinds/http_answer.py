"""An answer of ours over HTTP/1.1, to a request that is all there; what the toxics share that answer requests."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta

from fozzy.faults.tcp.frames.heads import BODILESS, end_of, request_of
from fozzy.faults.tcp.kinds.base import Answer
from fozzy.faults.tcp.message import Message

JSON = "application/json"
RETRY_AFTER_S_MAX = 10**9
Seconds = Annotated[int, Meta(ge=0, le=RETRY_AFTER_S_MAX)]

_REASONS = {status.value: status.phrase for status in HTTPStatus}


def answer(request: Message, data: bytes, status: int, headers: dict[str, str], body: bytes) -> Answer:
    """The whole answer. Its length follows from the body; a reply to HEAD says it and has none."""
    is_kept = request_of(data[: end_of(data, 0)]).is_kept
    names = {name.lower(): value.lower() for name, value in headers.items()}
    is_kept = is_kept and names.get("connection") != "close"
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if status not in BODILESS:
        lines.append(f"Content-Length: {len(body)}")
    if not is_kept and "connection" not in names:
        lines.append("Connection: close")
    has_body = status not in BODILESS and not request.about.startswith("HEAD ")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return Answer(head + (body if has_body else b""), not is_kept, f"answered {status}")


def error_body(code: str, message: str) -> bytes:
    """A body that says that a fault made it. `detail` is where clients of FastAPI's services, as Voyage's, look for it."""
    return msgspec.json.encode({"error": {"code": code, "message": message, "type": "chaos"}, "detail": message})


def with_type(headers: dict[str, str], body: str) -> dict[str, str]:
    """Headers that say what a body is, unless they do."""
    if any(name.lower() == "content-type" for name in headers):
        return headers
    try:
        msgspec.json.decode(body.encode("utf-8", "surrogateescape"))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return {"Content-Type": "text/plain; charset=utf-8", **headers}
    return {"Content-Type": JSON, **headers}
