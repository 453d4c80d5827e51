"""What the toxics share that end a connection: after a time, after so many bytes, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.faults.tcp.kinds.base import MS_NS
from fozzy.faults.tcp.message import NEVER_NS, Cut, How, Item
from fozzy.faults.tcp.once import Once

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class Cutting(Once):
    """Both sides see the connection end `wait_ms` after it began; never where that is none. What comes while it waits passes."""

    def __init__(self, grip: Grip, how: How, wait_ms: int | None, after_bytes: int | None = None) -> None:
        super().__init__(grip, after_bytes)
        self._how: How = how
        self._wait_ns = NEVER_NS if wait_ms is None else wait_ms * MS_NS
        self._is_over = False
        if self.strike is not None:
            self.due_ns = self._due_ns(grip.began_ns)

    def begin(self, now_ns: int) -> list[Item]:
        self.due_ns = self._due_ns(now_ns)
        return self.pull(now_ns) if self.due_ns <= now_ns else []

    def then(self, item: Item, now_ns: int) -> list[Item]:
        return [] if self._is_over else [item]

    def pull(self, now_ns: int) -> list[Item]:
        assert self.strike is not None
        self.due_ns, self._is_over = NEVER_NS, True
        self.strike.applied()
        return [Cut(self.grip.name, self._how, self._how)]

    def _due_ns(self, began_ns: int) -> int:
        return min(NEVER_NS, began_ns + self._wait_ns)
