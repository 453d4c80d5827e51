"""When a fault strikes: the parts of `When` as gates. A gate says whether the n-th matching request may be struck.

Rule 1: ordinals count every request that is matched, whether or not another fault struck it before.
Rule 2: all gates must agree; the probability is drawn apart. A ramp is a probability, and both together multiply.
"""

from __future__ import annotations

from collections.abc import Callable

from fozzy.core.duration import parse_ns
from fozzy.faults.http.plan import Ramp, When

Gate = Callable[[int, int], bool]  # the ordinal, nanoseconds since the start of the plan that says it
Chance = Callable[[int, int], float]  # likewise


def gates(when: When) -> list[Gate]:
    """What must agree for a request to be struck."""
    found: list[Gate] = []
    if when.first is not None:
        first = when.first
        found.append(lambda ordinal, _: ordinal <= first)
    after = getattr(when, "after", None)
    if isinstance(after, int):
        found.append(lambda ordinal, _: ordinal > after)
    if when.every is not None:
        every = when.every
        found.append(lambda ordinal, _: ordinal % every == 0)
    return [*found, *_patterns(when), *_between(when)]


def _patterns(when: When) -> list[Gate]:
    found: list[Gate] = []
    if when.pattern is not None:
        pattern = when.pattern
        found.append(lambda ordinal, _: ordinal <= len(pattern) and pattern[ordinal - 1] == "F")
    if when.burst is not None:
        burst = when.burst
        found.append(lambda ordinal, _: (ordinal - 1) % burst.every < burst.count)
    return found


def _between(when: When) -> list[Gate]:
    if when.between is None:
        return []
    low, high = (parse_ns(text) for text in when.between)
    return [lambda _, elapsed_ns: low <= elapsed_ns < high]


def chance(when: When) -> Chance | None:
    """The probability where it changes; none where it does not."""
    ramp = when.ramp
    if ramp is None:
        return None
    share = 1.0 if when.probability is None else when.probability
    if isinstance(ramp.over, int):
        over = ramp.over
        return lambda ordinal, _: share * _at(ramp, (ordinal - 1) / over)
    over_ns = parse_ns(ramp.over)
    return lambda _, elapsed_ns: share * _at(ramp, elapsed_ns / over_ns)


def _at(ramp: Ramp, way: float) -> float:
    return ramp.from_ + (ramp.to - ramp.from_) * min(1.0, max(0.0, way))


def most(when: When) -> float:
    """The highest probability it ever has: its share when shares are added up."""
    share = 1.0 if when.probability is None else when.probability
    return share if when.ramp is None else share * max(when.ramp.from_, when.ramp.to)


def counts(when: When) -> bool:
    """Whether ordinals or times matter, and so the order in which requests come."""
    parts = (when.first, when.every, when.pattern, when.burst, when.times, getattr(when, "sequence", None))
    after = getattr(when, "after", None)
    ramped = when.ramp is not None and isinstance(when.ramp.over, int)
    return any(parts) or isinstance(after, int) or ramped
