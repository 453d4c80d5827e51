"""What a model says: what it was told to say, or what it heard. Always the same for the same request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

CREATED = 1_767_225_600  # the first day of 2026; a stand-in has no clock


def reply(heard: str, said: dict[str, Any]) -> str:
    """The text of an answer."""
    return str(said.get("text", f"You said: {heard}" if heard else "Hello."))


def pieces(text: str) -> list[str]:
    """A text as a stream has it: word by word."""
    return re.findall(r"\s*\S+|\s+$", text)


def tokens(text: str) -> int:
    """How much a text costs."""
    return max(1, len(text.split()))


def text_of(content: Any) -> str:
    """The text in a message, which is one or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def last_of(messages: Any) -> str:
    """What the user said last. *Errors*: `ValueError` for what is no list of messages."""
    if not isinstance(messages, list):
        raise ValueError("the messages are no list")
    if not all(isinstance(each, dict) for each in messages):
        raise ValueError("a message is no object")
    return next((text_of(each.get("content")) for each in reversed(messages) if each.get("role") == "user"), "")


def event(document: Any, name: str = "") -> bytes:
    """One event of a stream."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + msgspec.json.encode(document) + b"\n\n"


def events(documents: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Events that are named by their type."""
    for document in documents:
        yield event(document, document["type"])
