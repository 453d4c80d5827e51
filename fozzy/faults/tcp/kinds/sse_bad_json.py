"""`sse_bad_json`: the data of an event is no JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fozzy.core.choice import CHANCES
from fozzy.faults.http.bodies import damaged
from fozzy.faults.http.events import data_of, with_data
from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.kinds.reframing import NO_ROOM, Reframing
from fozzy.faults.tcp.message import Chunk, Strike
from fozzy.faults.tcp.plan import Protocol, Stream, Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class SseBadJson(Kind, frozen=True, kw_only=True):
    """The data of an event is damaged, so that it is no JSON; its other fields stay. It is never longer than it was."""

    type: ClassVar[str] = "sse_bad_json"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    streams: ClassVar[tuple[Stream, ...]] = ("downstream",)
    of: ClassVar[frozenset[str]] = frozenset({"event"})

    def stage(self, grip: Grip) -> Stage:
        return _Spoiling(grip)


class _Spoiling(Reframing):
    def changed(self, event: bytes, chunk: Chunk, strike: Strike) -> bytes:
        data = data_of("sse", event)
        base = self.grip.among(chunk.message.ordinal, "place", 0, CHANCES - 1)
        new = fitted(event, damaged("invalid-json", base, data))
        if new is None:
            strike.bypassed(NO_ROOM)
            return event
        strike.applied("invalid-json")
        return new


def fitted(event: bytes, data: bytes) -> bytes | None:
    """An event with other data that ends with `JUNK`, shortened at its beginning to be no longer than it was."""
    new = with_data("sse", event, data)
    excess = len(new) - len(event)
    if excess <= 0:
        return new
    return with_data("sse", event, data[excess:]) if len(data) - excess >= 2 else None
