"""`latency`: everything arrives later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import MS_NS, Kind, Ms
from fozzy.faults.tcp.message import Chunk, Item, Strike
from fozzy.faults.tcp.stage import Holding, Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class Latency(Kind, frozen=True, kw_only=True):
    """Bytes are delayed; each message by its own amount, drawn evenly within the jitter. Order stays."""

    type: ClassVar[str] = "latency"
    latency: Annotated[Ms, note("The delay in milliseconds.")] = 0
    jitter: Annotated[Ms, note("By how many milliseconds it may be more or less; nothing arrives before it came.")] = 0

    def stage(self, grip: Grip) -> Stage:
        return _Delaying(grip, self)

    def delay_ns(self, grip: Grip, ordinal: int) -> int:
        amount_ns, spread_ns = self.latency * MS_NS, self.jitter * MS_NS
        if not spread_ns:
            return amount_ns
        return max(0, grip.among(ordinal, "jitter", amount_ns - spread_ns, amount_ns + spread_ns))


class _Delaying(Holding):
    def __init__(self, grip: Grip, kind: Latency) -> None:
        super().__init__(grip)
        self._kind = kind

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is not Chunk:
            return self.pass_on(item, now_ns)
        passed: list[Item] = []
        for part, strike in self.struck_parts(item, now_ns):
            if strike is None:
                passed += self.pass_on(part, now_ns)
                continue
            delay_ns = self._delay_ns(part, strike)
            strike.applied()
            if delay_ns or self._waiting:
                self.hold(part, now_ns + delay_ns)
            else:
                passed.append(part)
        return passed

    def _delay_ns(self, chunk: Chunk, strike: Strike) -> int:
        """One amount for each message."""
        amount_ns = self._kind.delay_ns(self.grip, chunk.message.ordinal)
        strike.delay_ns = max(strike.delay_ns, amount_ns)
        return amount_ns
