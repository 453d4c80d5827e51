"""`sse_cut`: a stream of events ends in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from fozzy.faults.http.plan import Count, note
from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.kinds.counted import Counted
from fozzy.faults.tcp.message import Cut, How, Item, Message, Strike
from fozzy.faults.tcp.plan import Protocol, Stream, Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class SseCut(Kind, frozen=True, kw_only=True):
    """The connection ends after so many events of a stream. What is counted by the schedule are streams."""

    type: ClassVar[str] = "sse_cut"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    streams: ClassVar[tuple[Stream, ...]] = ("downstream",)
    of: ClassVar[frozenset[str]] = frozenset({"reply"})
    after_events: Annotated[Count, note("How many events arrive; of 0 only the head does.")] = 0
    end: Annotated[Literal["fin", "rst"], note("How the client sees the connection end.")] = "fin"

    def wants(self, message: Message) -> bool:
        return message.of == "reply" and message.body is not None and message.body.is_stream

    def stage(self, grip: Grip) -> Stage:
        return _Ending(grip, self.after_events, self.end)


class _Ending(Counted):
    def __init__(self, grip: Grip, after_events: int, how: How) -> None:
        super().__init__(grip, after_events)
        self._how: How = how

    def reached(self, strike: Strike, now_ns: int) -> list[Item]:
        strike.applied(f"cut after {self._events} events")
        return [Cut(self.grip.name, self._how, self._how)]
