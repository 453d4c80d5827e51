"""What is measured and not drawn: token buckets for rates, buckets of bytes for bandwidth. Driven by the caller's clock.

Rule 1: whole numbers only, so that a virtual clock gives exact answers. A token is worth the nanoseconds of its unit.
Rule 2: a request pays all its buckets or none.
Rule 3: the tables are bounded. Of too many keys the one that was used longest ago is forgotten; it begins full again.
"""

from __future__ import annotations

from typing import NamedTuple

from fozzy.core.duration import UNITS_NS
from fozzy.faults.http.decision import Pace
from fozzy.faults.http.plan import Bucket
from fozzy.faults.http.values import rate_of

BUCKETS_MAX = 65_536
SECOND_NS = UNITS_NS["s"]
SLICES_PER_S = 50  # a body is paced in slices of this part of a second
SLICE_BYTES_MAX = 65_536


class Limit(NamedTuple):
    """A token bucket as a plan says it."""

    scope: str  # global, client, route
    origin: str
    since_ns: int  # a limit that is declared anew begins full
    rate: int  # tokens in a unit of time
    unit_ns: int
    burst: int

    @classmethod
    def of(cls, scope: str, origin: str, since_ns: int, bucket: Bucket) -> Limit:
        """The numbers of a bucket."""
        rate, unit_ns = rate_of(bucket.rate)
        return cls(scope, origin, since_ns, rate, unit_ns, bucket.burst)


class Short(NamedTuple):
    """A request that cannot be paid: how long until it could, and which bucket is the longest."""

    wait_ns: int
    limit: Limit
    key: str


class Buckets:
    """The levels of all token buckets. *Limits*: `BUCKETS_MAX` keys."""

    def __init__(self, keys_max: int = BUCKETS_MAX) -> None:
        self._keys_max = keys_max
        self._levels: dict[tuple[Limit, str], tuple[int, int]] = {}  # worth, and when

    def __len__(self) -> int:
        return len(self._levels)

    def charge(self, owed: list[tuple[Limit, str]], now_ns: int) -> Short | None:
        """Take a token from each bucket, or from none and say why."""
        levels = [self._level(key, now_ns) for key in owed]
        short: Short | None = None
        for key, level in zip(owed, levels, strict=True):
            limit = key[0]
            if level < limit.unit_ns:
                wait_ns = -(-(limit.unit_ns - level) // limit.rate)
                if short is None or wait_ns > short.wait_ns:
                    short = Short(wait_ns, limit, key[1])
        for key, level in zip(owed, levels, strict=True):
            self._keep(key, level if short else level - key[0].unit_ns, now_ns)
        return short

    def left(self, limit: Limit, key: str, now_ns: int) -> int:
        """How many tokens a bucket has; nothing is taken."""
        full = limit.burst * limit.unit_ns
        level, at_ns = self._levels.get((limit, key), (full, now_ns))
        return min(full, level + max(0, now_ns - at_ns) * limit.rate) // limit.unit_ns

    def _level(self, key: tuple[Limit, str], now_ns: int) -> int:
        limit = key[0]
        full = limit.burst * limit.unit_ns
        kept = self._levels.pop(key, None)
        if kept is None:
            return full
        return min(full, kept[0] + max(0, now_ns - kept[1]) * limit.rate)

    def _keep(self, key: tuple[Limit, str], level: int, now_ns: int) -> None:
        if len(self._levels) >= self._keys_max:
            del self._levels[next(iter(self._levels))]
        self._levels[key] = level, now_ns


class Paces:
    """When each bucket of bytes is free again. *Limits*: `BUCKETS_MAX` keys."""

    def __init__(self, keys_max: int = BUCKETS_MAX) -> None:
        self._keys_max = keys_max
        self._free_ns: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self._free_ns)

    def take(self, pace: Pace, size_bytes: int, now_ns: int) -> int:
        """Nanoseconds until the last byte of a slice may have gone; the bucket is taken until then."""
        key = pace.scope, pace.direction
        begin = max(now_ns, self._free_ns.pop(key, 0))
        free = begin + -(-size_bytes * SECOND_NS // pace.bytes_per_s)
        if len(self._free_ns) >= self._keys_max:
            del self._free_ns[next(iter(self._free_ns))]
        self._free_ns[key] = free
        return free - now_ns


def slice_bytes(pace: Pace) -> int:
    """How large the slices of a paced body are best, so that it flows smoothly."""
    return max(1, min(SLICE_BYTES_MAX, pace.bytes_per_s // SLICES_PER_S))
