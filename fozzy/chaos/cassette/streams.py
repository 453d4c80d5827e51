"""When a stream has said all it had to say, though its connection ended early: clients leave after the last event."""

from __future__ import annotations

import msgspec

from fozzy.core.exchange import Answered
from fozzy.faults.http.events import Kind, Splitter, data_of, kind_of

# What the last event is in published APIs: its data, its name or the `type` in it, or `"done": true`.
LAST_DATA = b"[DONE]"
LAST_TYPES = frozenset(("message_stop", "response.completed", "response.failed", "response.incomplete", "done"))


def last_event_end(answer: Answered) -> int | None:
    """How many bytes of a stream there are up to the end of the event after which nothing is said; none without one."""
    kind = kind_of(next((value for name, value in answer.headers if name.lower() == "content-type"), ""))
    if kind is None:
        return None
    splitter, at = Splitter(kind), 0
    for piece in splitter.feed(answer.body.data()):
        at += len(piece.raw)
        if piece.is_event and _is_last(kind, piece.raw):
            return at
    return None


def _is_last(kind: Kind, raw: bytes) -> bool:
    data = data_of(kind, raw)
    return data == LAST_DATA or _name_of(raw) in LAST_TYPES or _says_last(data)


def _name_of(raw: bytes) -> str:
    named = next((line for line in raw.splitlines() if line.startswith(b"event:")), b"")
    return named.removeprefix(b"event:").strip().decode("utf-8", "replace")


class _Data(msgspec.Struct):
    type: str = ""
    done: bool = False


def _says_last(data: bytes) -> bool:
    try:
        said = msgspec.json.decode(data, type=_Data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return said.done or said.type in LAST_TYPES
