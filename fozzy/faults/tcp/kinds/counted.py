"""What the toxics share that do something to a stream of events after so many of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.faults.tcp.message import Chunk, Item, Message, Strike
from fozzy.faults.tcp.stage import Holding

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

TOO_FEW = "too_few_events"


class Counted(Holding):
    """Base. Counts the events of a struck reply and calls `reached` when the last of so many has come; 0 is its head."""

    def __init__(self, grip: Grip, after_events: int) -> None:
        super().__init__(grip)
        self._after_events = after_events
        self._reply: Message | None = None  # the struck one whose events are counted
        self._strike: Strike | None = None
        self._events = 0

    def reached(self, strike: Strike, now_ns: int) -> list[Item]:
        """So many events are there; returns what comes after the last of them."""
        raise NotImplementedError

    def then(self, item: Item, now_ns: int) -> list[Item]:
        """What becomes of anything that comes, also of the last of them."""
        return self.pass_on(item, now_ns)

    def push(self, item: Item, now_ns: int) -> list[Item]:
        found = self.then(item, now_ns)
        if type(item) is not Chunk:
            self._over()
            return found
        if item.part == "head" and item.message.of == "reply":
            self._begin(item)
        elif item.part == "event":
            self._events += 1
        elif item.is_last and item.message is self._reply:
            self._over()
        if self._strike is not None and self._events >= self._after_events:
            strike, self._strike = self._strike, None
            found += self.reached(strike, now_ns)
        return found

    def _begin(self, head: Chunk) -> None:
        self._over()
        body = head.message.body
        if body is not None and body.is_stream:
            self._reply, self._strike, self._events = head.message, self.strike_of(head), 0

    def _over(self) -> None:
        """No more events of it come."""
        if self._strike is not None:
            self._strike.bypassed(TOO_FEW)
        self._reply = self._strike = None
