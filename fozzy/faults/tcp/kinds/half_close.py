"""`half_close`: one direction ends, the other goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.message import NEVER_NS, Cut, Ending, Item
from fozzy.faults.tcp.once import Once
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class HalfClose(Kind, frozen=True, kw_only=True):
    """The stream's receiver sees it end, and its sender does not know: what it still sends is thrown away.

    The other direction goes on. A direction that ended stays so when the toxic is taken away.
    """

    type: ClassVar[str] = "half_close"
    alone: ClassVar[Unit | None] = "connection"

    def stage(self, grip: Grip) -> Stage:
        return _Ending(grip)


class _Ending(Once):
    def begin(self, now_ns: int) -> list[Item]:
        return self.pull(now_ns)

    def then(self, item: Item, now_ns: int) -> list[Item]:
        return [item] if type(item) is Cut else []

    def pull(self, now_ns: int) -> list[Item]:
        assert self.strike is not None
        self.due_ns = NEVER_NS
        self.strike.applied()
        return [Ending("fin")]
