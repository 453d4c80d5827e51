from __future__ import annotations

import trio
from trio.testing import MockClock

from fozzy.chaos.cassette.batched import BATCH, BATCH_BYTES, FLUSH_NS, Batched
from fozzy.core.events import Event


class Kept(Batched):
    """Keeps each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def flush(self) -> None:
        """Keep what is due."""
        self.batches.append(len(self.taken()))


def event(t: int = 0) -> Event:
    """A record of a time."""
    return Event(t, "", "x")


def test_many_records_are_one_batch() -> None:
    """Records wait for each other, and not for more than a batch of them."""
    kept = Kept()
    for _ in range(2 * BATCH + 3):
        kept.take(event())
    assert kept.batches == [BATCH, BATCH]


def test_a_large_record_does_not_wait() -> None:
    """What holds much is written at once."""
    kept = Kept()
    kept.take(event())
    kept.take(event(), BATCH_BYTES)
    assert kept.batches == [2]


def test_a_late_record_takes_the_others_along() -> None:
    """A record half a second after the last batch has all written, and the half second begins anew."""
    kept = Kept()
    for t in (1, FLUSH_NS, FLUSH_NS + 1, 2 * FLUSH_NS):
        kept.take(event(t))
    assert kept.batches == [2, 2]


def test_silence_is_no_reason_to_wait() -> None:
    """What was told is written also when nothing more is told."""
    kept = Kept()

    async def wait() -> None:
        kept.take(event())
        with trio.move_on_after(1.2):
            await kept.flushing()

    trio.run(wait, clock=MockClock(autojump_threshold=0))
    assert kept.batches == [1, 0]
