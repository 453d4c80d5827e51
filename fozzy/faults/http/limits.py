"""What is measured and not drawn: token buckets for rates, buckets of bytes for bandwidth. Driven by the caller's clock.

Rule 1: whole numbers only, so that a virtual clock gives exact answers. A token is worth the nanoseconds of its unit.
Rule 2: a request pays all its buckets or none.
Rule 3: the tables are bounded. A bucket that was not used for long is forgotten; it begins full again.
"""

from __future__ import annotations

from typing import NamedTuple

from fozzy.core.duration import UNITS_NS
from fozzy.faults.http.decision import Pace
from fozzy.faults.http.plan import Bucket
from fozzy.faults.http.tables import KEYS_MAX, Table
from fozzy.faults.http.values import rate_of

BUCKETS_MAX = KEYS_MAX
SECOND_NS = UNITS_NS["s"]
SLICES_PER_S = 50  # a body is paced in slices of this part of a second
SLICE_BYTES_MAX = 65_536


class Limit(NamedTuple):
    """A token bucket as a plan says it."""

    name: str  # tells it from all others
    scope: str  # global, client, route
    origin: str
    since_ns: int  # a limit that is declared anew begins full
    rate: int  # tokens in a unit of time
    unit_ns: int
    burst: int
    full: int  # what a full bucket is worth

    @classmethod
    def of(cls, scope: str, origin: str, since_ns: int, bucket: Bucket) -> Limit:
        """The numbers of a bucket."""
        rate, unit_ns = rate_of(bucket.rate)
        name = f"{scope} of {origin} since {since_ns}: {bucket.rate}, {bucket.burst}"
        return Limit(name, scope, origin, since_ns, rate, unit_ns, bucket.burst, bucket.burst * unit_ns)

    def owed(self, whose: str) -> Owed:
        """The bucket of somebody."""
        return self, f"{self.name}; {whose}"


Owed = tuple[Limit, str]  # a limit, and the key of whose bucket it is


class Short(NamedTuple):
    """A request that cannot be paid: how long until it could, and which bucket takes longest."""

    wait_ns: int
    limit: Limit


class Buckets:
    """The levels of all token buckets. *Limits*: `BUCKETS_MAX` keys."""

    def __init__(self, keys_max: int = BUCKETS_MAX) -> None:
        self._levels: Table[str, tuple[int, int]] = Table(keys_max)  # worth, and when

    def __len__(self) -> int:
        return len(self._levels)

    def charge(self, owed: list[Owed], now_ns: int) -> Short | None:
        """Take a token from each bucket, or from none and say why."""
        if len(owed) == 1:
            return self._charge_one(owed[0], now_ns)
        short: Short | None = None
        left = []
        for limit, key in owed:
            worth, at_ns = self._worth(limit, key, now_ns)
            left.append((key, (worth - limit.unit_ns, at_ns)))
            if worth < limit.unit_ns and (short is None or _wait_ns(limit, worth) > short.wait_ns):
                short = Short(_wait_ns(limit, worth), limit)
        if short is None:
            for key, level in left:
                self._levels.put(key, level)
        return short

    def left(self, owed: Owed, now_ns: int) -> int:
        """How many tokens a bucket has; nothing is taken."""
        limit, key = owed
        full = limit.burst * limit.unit_ns
        worth, at_ns = self._levels.get(key) or (full, now_ns)
        return min(full, worth + max(0, now_ns - at_ns) * limit.rate) // limit.unit_ns

    def _charge_one(self, owed: Owed, now_ns: int) -> Short | None:
        limit, key = owed
        worth, at_ns = self._worth(limit, key, now_ns)
        if worth < limit.unit_ns:
            return Short(_wait_ns(limit, worth), limit)
        self._levels.put(key, (worth - limit.unit_ns, at_ns))
        return None

    def _worth(self, limit: Limit, key: str, now_ns: int) -> tuple[int, int]:
        """What is in a bucket, and as of when: the clock may stand still, and never runs back."""
        kept = self._levels.get(key)
        if kept is None:
            return limit.full, now_ns
        worth, at_ns = kept
        if now_ns <= at_ns:
            return kept
        worth += (now_ns - at_ns) * limit.rate
        return (worth if worth < limit.full else limit.full), now_ns


def _wait_ns(limit: Limit, worth: int) -> int:
    return -(-(limit.unit_ns - worth) // limit.rate)


class Paces:
    """When each bucket of bytes is free again. *Limits*: `BUCKETS_MAX` keys."""

    def __init__(self, keys_max: int = BUCKETS_MAX) -> None:
        self._free_ns: Table[tuple[str, str], int] = Table(keys_max)

    def __len__(self) -> int:
        return len(self._free_ns)

    def take(self, pace: Pace, size_bytes: int, now_ns: int) -> int:
        """Nanoseconds until the last byte of a slice may have gone; the bucket is taken until then."""
        key = pace.scope, pace.direction
        free = max(now_ns, self._free_ns.get(key) or 0) + -(-size_bytes * SECOND_NS // pace.bytes_per_s)
        self._free_ns.put(key, free)
        return free - now_ns


def slice_bytes(pace: Pace) -> int:
    """How large the slices of a paced body are best, so that it flows smoothly."""
    return max(1, min(SLICE_BYTES_MAX, pace.bytes_per_s // SLICES_PER_S))
