"""Rate limit by chance, and the answer of a real one: 429 with `Retry-After`."""

from __future__ import annotations

from functools import lru_cache

from fozzy.core.duration import parse_ns
from fozzy.faults.http.decision import Give
from fozzy.faults.http.kinds.base import Act, gives
from fozzy.faults.http.plan import RateLimited
from fozzy.faults.http.values import seconds_up


def limited(wait_ns: int) -> Give:
    """429; `Retry-After` is in whole seconds, rounded up."""
    return _limited_s(seconds_up(wait_ns))


@lru_cache(maxsize=1024)
def _limited_s(seconds: int) -> Give:
    return gives(
        429, "chaos_ratelimit", f"too many requests; try again in {seconds} s", [("retry-after", str(seconds))]
    )


def act(fault: RateLimited) -> Act:
    """The same answer every time."""
    answer = limited(parse_ns(fault.retry_after))
    return lambda _dice, _facts: answer
