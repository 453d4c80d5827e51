"""When a stream has said all it had to say, though its connection ended early: clients leave after the last event."""

from __future__ import annotations

import msgspec

from fozzy.core.exchange import Answered
from fozzy.faults.http.events import Splitter, data_of, kind_of

TAIL_BYTES = 1024 * 1024  # of a stream that is looked at; the last event stands in it
# What the last event is in published APIs: its data, its name or the `type` in it, or `"done": true`.
LAST_DATA = b"[DONE]"
LAST_TYPES = frozenset(("message_stop", "response.completed", "response.failed", "response.incomplete", "done"))


def has_ended(answer: Answered) -> bool:
    """Whether the last thing of a stream is a whole event after which nothing comes. Of other answers: no."""
    kind = kind_of(next((value for name, value in answer.headers if name.lower() == "content-type"), ""))
    if kind is None:
        return False
    splitter = Splitter(kind)
    pieces = splitter.feed(answer.body.data()[-TAIL_BYTES:])
    if not pieces or not pieces[-1].is_event or splitter.end():
        return False
    raw = pieces[-1].raw
    data = data_of(kind, raw)
    return data == LAST_DATA or _name_of(raw) in LAST_TYPES or _is_last(data)


def _name_of(raw: bytes) -> str:
    named = next((line for line in raw.splitlines() if line.startswith(b"event:")), b"")
    return named.removeprefix(b"event:").strip().decode("utf-8", "replace")


class _Data(msgspec.Struct):
    type: str = ""
    done: bool = False


def _is_last(data: bytes) -> bool:
    try:
        said = msgspec.json.decode(data, type=_Data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return said.done or said.type in LAST_TYPES
