"""`timeout`: nothing arrives any more, and after a time the connection ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import Kind, Ms
from fozzy.faults.tcp.kinds.cutting import Cutting
from fozzy.faults.tcp.message import Chunk, Cut, Item
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class Timeout(Kind, frozen=True, kw_only=True):
    """Bytes are thrown away, and no end is seen; the connection closes when the time is over, which nothing starts anew.

    Where bytes were thrown away, taking the toxic away closes the connection: TCP never goes on behind a gap.
    """

    type: ClassVar[str] = "timeout"
    alone: ClassVar[Unit | None] = "connection"
    timeout: Annotated[
        Ms, note("Milliseconds since the connection, the toxic or the struck message began; 0: for ever.")
    ] = 0

    def stage(self, grip: Grip) -> Stage:
        return _Swallowing(grip, "fin", self.timeout or None)


class _Swallowing(Cutting):
    def begin(self, now_ns: int) -> list[Item]:
        assert self.strike is not None
        self.strike.applied()
        return super().begin(now_ns)

    def then(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is Cut:
            return [item]
        assert self.strike is not None
        self.strike.applied()
        self.grip.lost += len(item.data) if type(item) is Chunk else 1
        return []

    def flush(self) -> list[Item]:
        if not self.grip.lost or self.grip.is_replaced:
            return []
        return [Cut(self.grip.name, "fin", "fin")]
