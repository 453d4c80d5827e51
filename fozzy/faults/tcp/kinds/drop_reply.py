"""`drop_reply`: the request reached the server, and its answer is lost. Whether it was carried out stays in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.message import Chunk, Cut, Item, Message, Strike
from fozzy.faults.tcp.plan import Stream, Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

Lost = Literal["rst", "fin", "hang"]
LOST = note("What the client gets instead: `rst` and `fin` end the connection, with `hang` it hears nothing any more.")


class DropReply(Kind, frozen=True, kw_only=True):
    """A reply is thrown away, when all of it has come, and the connection ends; the server sees an orderly end.

    Of `raw` streams a reply is what the server sends first after the client sent something.
    """

    type: ClassVar[str] = "drop_reply"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    streams: ClassVar[tuple[Stream, ...]] = ("downstream",)
    of: ClassVar[frozenset[str]] = frozenset({"turn", "reply"})
    end: Annotated[Lost, LOST] = "rst"

    def wants(self, message: Message) -> bool:
        return message.stream == "downstream" and message.request is not None and super().wants(message)

    def stage(self, grip: Grip) -> Stage:
        return Dropping(grip, self.end)


class Dropping(Stage):
    """A struck reply goes nowhere. That it is whole means that the server is done with the request."""

    def __init__(self, grip: Grip, end: Lost) -> None:
        super().__init__(grip)
        self._end = end
        self._dropped: Message | None = None
        self._strike: Strike | None = None
        self._is_over = False

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is Cut:
            return [item]
        if self._is_over:
            return self._thrown(item)
        if self._dropped is not None and (type(item) is not Chunk or item.message is not self._dropped):
            return self._ended(item)  # the reply has no last byte of its own
        strike = self._strike_on(item)
        if strike is None or type(item) is not Chunk:
            return [item]
        self._dropped, self._strike = item.message, strike
        strike.applied()
        is_whole = item.is_last or item.message.of == "turn"
        return self._ended(item) if is_whole or self._end == "hang" else self._thrown(item)

    def flush(self) -> list[Item]:
        """TCP never goes on behind a gap."""
        return [] if self._strike is None else [self._cut()]

    def _strike_on(self, item: Item) -> Strike | None:
        if type(item) is not Chunk or not self.grip.armed.kind.wants(item.message):
            return None
        return self.strike_of(item)

    def _ended(self, item: Item) -> list[Item]:
        self._is_over = True
        self._thrown(item)
        return [] if self._end == "hang" else [self._cut()]

    def _thrown(self, item: Item) -> list[Item]:
        self.grip.lost += len(item.data) if type(item) is Chunk else 1
        strike = self._strike_on(item)
        if strike is not None and strike is not self._strike:
            strike.bypassed("already")
        return []

    def _cut(self) -> Cut:
        return Cut(self.grip.name, "fin" if self._end == "fin" else "rst", "fin")
