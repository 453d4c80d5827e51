"""What a run of a proxy came to in a few numbers, for its last lines and its summary. A listener of the session."""

from __future__ import annotations

from fozzy.chaos.stats import Histogram
from fozzy.core.events import Record
from fozzy.core.exchange import Exchange


class Totals:
    """Counts of all exchanges, never set back."""

    def __init__(self) -> None:
        self.exchanges = 0
        self.faulted = 0  # delayed, or with a fault applied
        self.bypassed = 0  # with a fault that was planned and not applied
        self.not_recorded = 0  # with a body that is not kept
        self.took = Histogram()

    def listen(self, record: Record) -> None:
        """Count an exchange."""
        if type(record) is not Exchange:
            return
        self.exchanges += 1
        if record.applied or (record.delay_ns and record.waited_ns):
            self.faulted += 1
        if record.planned and record.planned != record.applied:
            self.bypassed += 1
        if record.not_recorded:
            self.not_recorded += 1
        self.took.add(record.t - record.arrived)

    def percentiles(self) -> tuple[int, int]:
        """The times that half of all exchanges, and 99 of 100, were not above, in nanoseconds."""
        p50, p99 = self.took.at((50.0, 99.0))
        return p50, p99
