"""`bandwidth`: bytes arrive no faster than so many a second."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import BYTES_MAX, MS_NS, Kind
from fozzy.faults.tcp.message import NEVER_NS, Chunk, Item, Strike
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

SLICE_MS = 10  # bytes leave in slices of so long, so that they neither jump nor cost a timer each


class Bandwidth(Kind, frozen=True, kw_only=True):
    """Each connection has a rate of its own in this direction. A byte leaves when it and all before it are paid for."""

    type: ClassVar[str] = "bandwidth"
    alone: ClassVar[Unit | None] = "connection"
    rate: Annotated[Annotated[int, Meta(ge=1, le=BYTES_MAX)], note("Kilobytes per second; a kilobyte is 1,000 bytes.")]

    def stage(self, grip: Grip) -> Stage:
        return _Pacing(grip, self.rate)


class _Pacing(Stage):
    """Since `_busy_ns` so many bytes were paid for; a byte costs a millisecond's share, counted in whole bytes."""

    def __init__(self, grip: Grip, rate: int) -> None:
        super().__init__(grip)
        self._rate = rate  # bytes per millisecond
        self._busy_ns = 0
        self._paid = 0  # bytes since then that have left
        self._priced = 0  # bytes since then that have come
        self._waiting: deque[tuple[Item, int]] = deque()  # and what it costs, in bytes

    @property
    def is_holding(self) -> bool:
        return bool(self._waiting)

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is not Chunk:
            return self._queue(item, 0)
        passed: list[Item] = []
        for part, strike in self.struck_parts(item, now_ns):
            if strike is None:
                passed += self._queue(part, 0)
                continue
            self._price(part, strike, now_ns)
            passed += self._queue(part, len(part.data))
        return passed

    def pull(self, now_ns: int) -> list[Item]:
        budget = (now_ns - self._busy_ns) * self._rate // MS_NS - self._paid
        found: list[Item] = []
        while self._waiting:
            item, cost = self._waiting.popleft()
            if cost > budget:
                found += self._part(item, cost, budget)
                break
            budget -= cost
            found.append(self._gone(item, cost))
        self._schedule()
        return found

    def flush(self) -> list[Item]:
        found = [item for item, _ in self._waiting]
        self._waiting.clear()
        self.held, self.due_ns = 0, NEVER_NS
        return found

    def _queue(self, item: Item, cost: int) -> list[Item]:
        if not self._waiting and not cost:
            return [item]
        self._waiting.append((item, cost))
        if type(item) is Chunk:
            self.held += len(item.data)
        self._schedule()
        return []

    def _price(self, part: Chunk, strike: Strike, now_ns: int) -> None:
        if self._paid == self._priced and now_ns >= self._at_ns(self._paid):
            self._busy_ns, self._paid, self._priced = now_ns, 0, 0
        self._priced += len(part.data)
        strike.delay_ns = max(strike.delay_ns, self._at_ns(self._priced) - now_ns)
        strike.applied()
        self.more(part, strike)

    def _part(self, item: Item, cost: int, size: int) -> list[Item]:
        """The bytes of it that are paid for go, the others stay in front."""
        assert type(item) is Chunk
        rest = item._replace(data=item.data[size:], offset=item.offset + size)
        self._waiting.appendleft((rest, cost - size))
        return [self._gone(item._replace(data=item.data[:size], is_last=False), size)] if size else []

    def _gone(self, item: Item, cost: int) -> Item:
        self._paid += cost
        if type(item) is Chunk:
            self.held -= len(item.data)
        return item

    def _schedule(self) -> None:
        """A slice at a time, or less where no more waits."""
        ready = min(self._priced, self._paid + self._rate * SLICE_MS)
        self.due_ns = self._at_ns(ready) if self._waiting else NEVER_NS

    def _at_ns(self, size: int) -> int:
        """When so many bytes are paid for."""
        return self._busy_ns - (-size * MS_NS // self._rate)
