"""`partition`: nothing of one direction arrives, until it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.message import Chunk, Item, Strike
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Holding, Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class Partition(Kind, frozen=True, kw_only=True):
    """From the first struck byte on nothing arrives, not even the end. TCP sends it again: when the partition is over, by
    its `window` or because it is taken away, all arrives, in order. While much waits the sender is not read."""

    type: ClassVar[str] = "partition"
    alone: ClassVar[Unit | None] = "connection"

    def stage(self, grip: Grip) -> Stage:
        return _Parted(grip)


class _Parted(Holding):
    def __init__(self, grip: Grip) -> None:
        super().__init__(grip)
        self._strike: Strike | None = grip.on_connection

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is not Chunk:
            return self._passed(item, self.grip.strike_now(now_ns), now_ns)
        passed: list[Item] = []
        for part, strike in self.struck_parts(item, now_ns):
            passed += self._passed(part, strike, now_ns)
        return passed

    def _passed(self, item: Item, strike: Strike | None, now_ns: int) -> list[Item]:
        until_ns = self.grip.armed.to_ns
        if now_ns >= until_ns:
            self._strike = None
        elif strike is not None:
            strike.applied()
            self._strike = self._strike or strike
        if self._strike is None:
            return self.pass_on(item, now_ns)
        self._strike.applied()
        self.hold(item, until_ns)
        return []
