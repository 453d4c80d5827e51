"""`sse_stall`: a stream of events falls silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.faults.http.plan import Count, note
from fozzy.faults.tcp.kinds.base import MS_NS, Kind, Ms
from fozzy.faults.tcp.kinds.counted import Counted
from fozzy.faults.tcp.message import NEVER_NS, Item, Message, Strike
from fozzy.faults.tcp.plan import Protocol, Stream, Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class SseStall(Kind, frozen=True, kw_only=True, rename={"for_": "for"}):
    """After so many events of a stream nothing arrives for a time, then all of it. Streams are what the schedule counts."""

    type: ClassVar[str] = "sse_stall"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    streams: ClassVar[tuple[Stream, ...]] = ("downstream",)
    of: ClassVar[frozenset[str]] = frozenset({"reply"})
    after_events: Annotated[Count, note("How many events arrive before; of 0 only the head does.")] = 0
    for_: Annotated[Ms, note("For how many milliseconds; 0 is for ever.")] = 0

    def wants(self, message: Message) -> bool:
        return message.of == "reply" and message.body is not None and message.body.is_stream

    def stage(self, grip: Grip) -> Stage:
        return _Stalling(grip, self)


class _Stalling(Counted):
    """Everything behind the last event waits, the end of the stream too."""

    def __init__(self, grip: Grip, kind: SseStall) -> None:
        super().__init__(grip, kind.after_events)
        self._for_ns = kind.for_ * MS_NS
        self._until_ns = 0

    def reached(self, strike: Strike, now_ns: int) -> list[Item]:
        self._until_ns = now_ns + self._for_ns if self._for_ns else NEVER_NS
        strike.applied()
        strike.delay_ns = self._for_ns
        return []

    def then(self, item: Item, now_ns: int) -> list[Item]:
        if now_ns >= self._until_ns:
            return self.pass_on(item, now_ns)
        self.hold(item, self._until_ns)
        return []
