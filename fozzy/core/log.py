"""The log of a run: records go in one at a time and come out in blocks to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fozzy.core.events import Record

BLOCK_RECORDS = 2048  # large enough to encode in bulk, small enough that a run of any length fits in memory

Sink = Callable[[Sequence[Record]], None]


class Log:
    """`append` is the list's own method while nothing needs to look at single records. *Limits*: the engine calls
    `flush` once `buffer` holds `BLOCK_RECORDS`."""

    __slots__ = ("buffer", "append", "sinks", "flushed")

    def __init__(self, sinks: Sequence[Sink] = ()) -> None:
        self.buffer: list[Record] = []
        self.append: Callable[[Record], None] = self.buffer.append
        self.sinks = sinks
        self.flushed = 0

    def flush(self) -> None:
        """Hand what was gathered to every sink and forget it."""
        if not self.buffer:
            return
        for sink in self.sinks:
            sink(self.buffer)
        self.flushed += len(self.buffer)
        self.buffer.clear()

    @property
    def count(self) -> int:
        """How many records the run has made."""
        return self.flushed + len(self.buffer)
