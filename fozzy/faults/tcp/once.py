"""What toxics share that act one time: at the beginning of a connection or toxic, or when so many struck bytes went by.

Rule 1: bytes are counted within what is struck: from the toxic's beginning of a connection, from the message's of a
message, from the first struck one where bytes are counted.
Rule 2: a message that is too short for it is bypassed, and the next that is struck begins to count anew.
To make one: a subclass with `begin`, and `then` for what comes after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.faults.tcp.message import Chunk, Item, Strike
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class Once(Stage):
    """Base. Without `after_bytes` a struck connection begins at once, and a struck message with its first byte."""

    def __init__(self, grip: Grip, after_bytes: int | None = None) -> None:
        super().__init__(grip)
        self.strike: Strike | None = None  # what began it
        self._after_bytes = after_bytes
        self._counting: Strike | None = None
        self._bytes = 0
        if grip.on_connection is not None and after_bytes is None:
            self.strike = grip.on_connection
            self.due_ns = grip.began_ns

    def begin(self, now_ns: int) -> list[Item]:
        """It begins, by a byte that is not gone yet; returns what goes on before it."""
        raise NotImplementedError

    def then(self, item: Item, now_ns: int) -> list[Item]:
        """Something comes after it began; also an end."""
        raise NotImplementedError

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is not Chunk:
            return [item] if self.strike is None else self.then(item, now_ns)
        passed: list[Item] = []
        for part, strike in self.struck_parts(item, now_ns):
            passed += self._passed(part, strike, now_ns)
        return passed

    def _passed(self, part: Chunk, strike: Strike | None, now_ns: int) -> list[Item]:
        if self.strike is not None:
            if strike is not None and strike is not self.strike:
                strike.bypassed("already")
            return self.then(part, now_ns)
        kept = len(part.data) if strike is None else self._kept(part, strike)
        if kept is None or strike is None:
            return [part]
        self.strike = strike
        strike.begun()
        before, after = part.data[:kept], part.data[kept:]
        passed: list[Item] = [part._replace(data=before, is_last=False)] if before else []
        passed += self.begin(now_ns)
        if after or part.is_last:
            passed += self.then(part._replace(data=after, offset=part.offset + kept), now_ns)
        return passed

    def _kept(self, part: Chunk, strike: Strike) -> int | None:
        """How many bytes of it still go by before it begins; none where it does not begin here."""
        if self._after_bytes is None:
            return 0
        if strike is not self._counting:
            self._counting, self._bytes = strike, 0
        rest = self._after_bytes - self._bytes
        self._bytes += len(part.data)
        if self._bytes >= max(self._after_bytes, 1):
            return rest
        self.might(part, strike, "too_short")
        return None
