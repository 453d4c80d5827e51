"""`slow_close`: the end of the connection comes later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import MS_NS, Kind, Ms
from fozzy.faults.tcp.message import Chunk, Item
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Holding, Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class SlowClose(Kind, frozen=True, kw_only=True):
    """Bytes pass at once, the end of the stream after the delay, whoever ended it."""

    type: ClassVar[str] = "slow_close"
    units: ClassVar[tuple[Unit, ...]] = ("connection",)
    delay: Annotated[Ms, note("By how many milliseconds the end is delayed.")] = 0

    def stage(self, grip: Grip) -> Stage:
        return _Closing(grip, self)


class _Closing(Holding):
    def __init__(self, grip: Grip, kind: SlowClose) -> None:
        super().__init__(grip)
        self._kind = kind

    def push(self, item: Item, now_ns: int) -> list[Item]:
        strike = self.grip.on_connection
        if type(item) is Chunk or strike is None or self._waiting:
            return self.pass_on(item, now_ns)
        strike.delay_ns = self._kind.delay * MS_NS
        strike.applied()
        self.hold(item, now_ns + strike.delay_ns)
        return []
