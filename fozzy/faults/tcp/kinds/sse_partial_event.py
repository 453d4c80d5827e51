"""`sse_partial_event`: a stream of events ends within one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.frames.chunks import BadChunk, spans, within
from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.message import Chunk, Cut, Item
from fozzy.faults.tcp.plan import Protocol, Stream, Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

_DATA = re.compile(rb"(?:\A|[\r\n])data:")


class SsePartialEvent(Kind, frozen=True, kw_only=True):
    """The beginning of an event arrives, up to a place within its data, then the connection ends."""

    type: ClassVar[str] = "sse_partial_event"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    streams: ClassVar[tuple[Stream, ...]] = ("downstream",)
    of: ClassVar[frozenset[str]] = frozenset({"event"})
    end: Annotated[Literal["fin", "rst"], note("How the client sees the connection end.")] = "fin"

    def stage(self, grip: Grip) -> Stage:
        return _Halving(grip, self)


class _Halving(Stage):
    def __init__(self, grip: Grip, kind: SsePartialEvent) -> None:
        super().__init__(grip)
        self._how = kind.end

    def push(self, item: Item, now_ns: int) -> list[Item]:
        strike = self.strike_of(item)
        if type(item) is not Chunk or item.part != "event" or strike is None:
            return [item]
        pieces = pieces_of(item)
        low, high = within_data(b"".join(data for data, is_content in pieces if is_content))
        kept = self.grip.among(item.message.ordinal, "place", low, high)
        strike.applied(f"cut after {kept} bytes of the event")
        return [item._replace(data=beginning(pieces, kept), is_last=False), Cut(self.grip.name, self._how, self._how)]


def pieces_of(event: Chunk) -> list[tuple[bytes, bool]]:
    """An event in its own bytes, and the lines between chunks where it lies in several."""
    body = event.message.body
    is_as_it_came = len(event.data) == event.message.size  # else a toxic before this one gave it a chunk of its own
    if body is None or body.how != "chunked" or not body.length or not is_as_it_came:
        return [(event.data, True)]
    try:
        return list(spans(within(body.length), event.data))
    except BadChunk:  # as long as it was, and something else
        return [(event.data, True)]


def beginning(pieces: list[tuple[bytes, bool]], size: int) -> bytes:
    """So many bytes of an event, and the lines among them."""
    found = b""
    for data, is_content in pieces:
        if not size:
            break
        found += data[:size] if is_content else data
        size -= min(size, len(data)) if is_content else 0
    return found


def within_data(event: bytes) -> tuple[int, int]:
    """Between how many bytes of an event something of its data is left out; some of it is there where that can be."""
    found = _DATA.search(event)
    high = max(1, len(event.rstrip(b"\r\n")) - 1)
    return min(high, found.end() + 1 if found else 1), high
