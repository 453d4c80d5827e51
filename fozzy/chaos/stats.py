"""What a session's requests came to, in numbers for people and tests. A listener of the session.

Rule 1: everything is bounded: histograms have fixed buckets, and of labels a client can make up there are so many.
Rule 2: the same requests with the same times give the same numbers: nothing is sampled.
Rule 3: a fault counts where it was applied; planned and not applied it counts as bypassed, under its reason.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fozzy.core.events import Record
from fozzy.core.exchange import Exchange

LABELS_MAX = 256  # of one kind; later ones are `other`
OTHER = "other"
SUB_BITS = 6  # buckets per doubling: 64, so that a percentile is at most 1.6 % above the truth
PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Nanoseconds, of how many; each percentile is the upper end of its bucket, at most 1.6 % above the true value."""

    count: int = 0
    min: int = 0
    max: int = 0
    mean: int = 0
    p50: int = 0
    p90: int = 0
    p95: int = 0
    p99: int = 0
    p999: int = 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and times since the start, or since they were set back."""

    requests: int
    changes: int  # of the plan
    by_status: dict[str, int]  # what clients got; `0` is no answer
    by_source: dict[str, int]
    by_route: dict[str, int]  # by the route's place; `none` without one
    by_test: dict[str, int]
    by_action: dict[str, int]  # faults that were applied
    bypassed: dict[str, dict[str, int]]  # faults that were planned and not applied, by reason
    delayed: int
    client_gone: int
    took_ns: Times
    waited_ns: Times  # injected delays, as measured


class Histogram:
    """Counts of whole numbers in buckets that grow with them (as HdrHistogram does). *Limits*: 64 bits."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = self.sum = self.max = 0
        self.min = 0

    def add(self, value: int) -> None:
        """Count a value; what is below 0 counts as 0."""
        if value < 0:
            value = 0
        shift = value.bit_length() - SUB_BITS - 1
        key = value if shift <= 0 else (shift << (SUB_BITS + 1)) | (value >> shift)
        self._counts[key] = self._counts.get(key, 0) + 1
        if value < self.min or not self.count:
            self.min = value
        if value > self.max:
            self.max = value
        self.sum += value
        self.count += 1

    def at(self, percentiles: Iterable[float]) -> list[int]:
        """For each percentile, in ascending order, a value that so many are not above; 0 of nothing."""
        wanted = [max(-(-self.count * int(percent * 1000) // 100_000), 1) for percent in percentiles]
        found: list[int] = []
        passed, keys = 0, iter(sorted(self._counts))
        upper = 0
        for rank in wanted:
            while passed < min(rank, self.count):
                key = next(keys)
                passed += self._counts[key]
                upper = _upper(key)
            found.append(min(upper, self.max))
        return found

    def times(self) -> Times:
        """The usual numbers of it."""
        p50, p90, p95, p99, p999 = self.at(PERCENTILES)
        mean = self.sum // self.count if self.count else 0
        return Times(
            count=self.count, min=self.min, max=self.max, mean=mean, p50=p50, p90=p90, p95=p95, p99=p99, p999=p999
        )


def _upper(key: int) -> int:
    """The largest value of a bucket."""
    shift, top = key >> (SUB_BITS + 1), key & ((1 << (SUB_BITS + 1)) - 1)
    return ((top + 1) << shift) - 1


class Counts:
    """How often each label came. *Limits*: `LABELS_MAX` labels, the rest together."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}

    def add(self, label: str) -> None:
        """Count a label."""
        known = self.of.get(label)
        if known is None and len(self.of) >= LABELS_MAX:
            label, known = OTHER, self.of.get(OTHER)
        self.of[label] = (known or 0) + 1

    def sorted(self) -> dict[str, int]:
        """By label."""
        return dict(sorted(self.of.items()))


class Stats:
    """The numbers of one session."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin at 0."""
        self._requests = self._changes = self._delayed = self._gone = 0
        self._status, self._source, self._route, self._test, self._action = (Counts() for _ in range(5))
        self._bypassed: dict[str, Counts] = {}
        self._took, self._waited = Histogram(), Histogram()

    def listen(self, record: Record) -> None:
        """Count an exchange or a change."""
        if type(record) is not Exchange:
            self._changes += 1
            return
        self._requests += 1
        sent = record.sent
        self._status.add(str(sent.status) if sent is not None else "0")
        self._source.add(record.source)
        self._route.add(record.at or "none")
        self._took.add(record.t - record.arrived)
        if record.test:
            self._test.add(record.test)
        if sent is None or sent.ended == "client_gone":
            self._gone += 1
        if record.delay_ns and record.waited_ns:
            self._delayed += 1
            self._waited.add(record.waited_ns)
        if record.planned or record.applied:
            self._count_fault(record)

    def _count_fault(self, exchange: Exchange) -> None:
        if exchange.applied:
            self._action.add(exchange.applied)
        if exchange.planned and exchange.planned != exchange.applied:
            reasons = self._bypassed.setdefault(exchange.planned, Counts())
            reasons.add(exchange.reason or "not_applied")

    def summary(self) -> Summary:
        """All of it, each table sorted by its labels."""
        return Summary(
            requests=self._requests,
            changes=self._changes,
            by_status=self._status.sorted(),
            by_source=self._source.sorted(),
            by_route=self._route.sorted(),
            by_test=self._test.sorted(),
            by_action=self._action.sorted(),
            bypassed={name: counts.sorted() for name, counts in sorted(self._bypassed.items())},
            delayed=self._delayed,
            client_gone=self._gone,
            took_ns=self._took.times(),
            waited_ns=self._waited.times(),
        )
