"""Records on their way to the disk: gathered, so that many are written at once, and not for long.

Rule 1: what was told is written within half a second, or as soon as a few dozen records are there, or one large one.
Rule 2: whoever tells a record never waits longer than for one such batch.
"""

from __future__ import annotations

import trio

from fozzy.core.events import Record

BATCH = 32  # records that are encoded and written at once: below a millisecond
BATCH_BYTES = 256 * 1024  # or as soon as they hold so much
FLUSH_NS = 500_000_000


class Batched:
    """Base of recorders. `flush` writes what `taken` gives."""

    def __init__(self) -> None:
        self._pending: list[Record] = []
        self._pending_bytes = 0
        self._flushed_ns = 0

    def take(self, record: Record, size: int = 0) -> None:
        """Keep a record that holds so many bytes; write all when it is time."""
        pending = self._pending
        pending.append(record)
        self._pending_bytes += size
        is_due = len(pending) >= BATCH or self._pending_bytes >= BATCH_BYTES
        if is_due or record.t - self._flushed_ns >= FLUSH_NS:
            self._flushed_ns = record.t
            self.flush()

    def taken(self) -> list[Record]:
        """What is to be written now."""
        pending, self._pending, self._pending_bytes = self._pending, [], 0
        return pending

    def flush(self) -> None:
        """Write what was told so far."""
        raise NotImplementedError

    async def flushing(self) -> None:
        """Write what was told, again and again, also when nothing more is told. Runs until it is cancelled."""
        while True:
            await trio.sleep(FLUSH_NS / 1e9)
            self.flush()
