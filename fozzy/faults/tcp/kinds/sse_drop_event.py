"""`sse_drop_event`: an event does not arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.kinds.reframing import Reframing
from fozzy.faults.tcp.message import Chunk, Strike
from fozzy.faults.tcp.plan import Protocol, Stream, Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class SseDropEvent(Kind, frozen=True, kw_only=True):
    """An event is left out of its stream, and the rest arrives."""

    type: ClassVar[str] = "sse_drop_event"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    streams: ClassVar[tuple[Stream, ...]] = ("downstream",)
    of: ClassVar[frozenset[str]] = frozenset({"event"})

    def stage(self, grip: Grip) -> Stage:
        return _Dropping(grip)


class _Dropping(Reframing):
    def changed(self, event: bytes, chunk: Chunk, strike: Strike) -> bytes:
        strike.applied()
        return b""
