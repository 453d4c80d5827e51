"""Sections compiled: what holds for the requests of one test scope and one route, ready to be decided by."""

from __future__ import annotations

from typing import Any, NamedTuple

from fozzy.core.choice import CHANCES
from fozzy.core.duration import parse_ns
from fozzy.errors import InputError
from fozzy.faults.http.armed import Armed, Count, Tally
from fozzy.faults.http.kinds import latency as delays
from fozzy.faults.http.kinds import whole
from fozzy.faults.http.limits import Limit
from fozzy.faults.http.plan import Bandwidth, Latency, When
from fozzy.faults.http.resolve import LIMITS, Resolved, Said
from fozzy.faults.http.values import bytes_per_s

ARMED_MAX = 16_384  # declared faults whose numbers are kept
SHARE_SLACK = 64  # of 2^53: shares such as 0.7, 0.2 and 0.1 may add up to a little more than 1


class Paced(NamedTuple):
    """A bandwidth, not yet of a client."""

    per: str
    origin: str
    up: int | None
    down: int | None


class Compiled:
    """What holds for some requests."""

    __slots__ = (
        "amount",
        "bandwidth",
        "buckets",
        "concurrency",
        "draws",
        "exclusive",
        "faults",
        "is_idle",
        "is_limited",
        "latency",
        "limits",
        "mode_origin",
    )

    def __init__(self, found: Resolved, pool: Pool) -> None:
        self.mode_origin = found.mode.origin
        armed = [pool.arm(name, whole(name, said.value), said) for name, said in found.faults.items()]
        self.faults = tuple(each for each in armed if each.can_strike)
        self.exclusive = _slots(self.faults) if found.mode.value == "exclusive" else None
        self.latency = _latency(found.latency, pool)
        self.amount = None if self.latency is None else delays.amount(_as_latency(self.latency.fault))
        self.limits = found.limits
        self.buckets = tuple(
            Limit.of(name.removesuffix("_"), said.origin, said.since_ns, said.value)
            for name, said in found.limits.items()
            if name in LIMITS[:3]
        )
        concurrency = found.limits.get("concurrency")
        self.concurrency: int | None = None if concurrency is None else concurrency.value
        self.bandwidth = _paced(found.limits.get("bandwidth"))
        self.draws = bool(self.faults) or self.latency is not None
        self.is_limited = bool(self.buckets) or self.concurrency is not None
        self.is_idle = not (self.draws or self.is_limited or self.bandwidth)


def _as_latency(fault: When) -> Latency:
    assert isinstance(fault, Latency)
    return fault


def _latency(said: Said | None, pool: Pool) -> Armed | None:
    if said is None:
        return None
    armed = pool.arm("latency", said.value, said)
    return armed if armed.can_strike and delays.longest_ns(said.value) else None


def _paced(said: Said | None) -> Paced | None:
    if said is None:
        return None
    if not isinstance(said.value, Bandwidth):
        rate = bytes_per_s(said.value)
        return Paced("global", said.origin, rate, rate)
    up, down = (None if each is None else bytes_per_s(each) for each in (said.value.up, said.value.down))
    return Paced(said.value.per, said.origin, up, down)


def _slots(faults: tuple[Armed, ...]) -> tuple[tuple[Armed, int], ...]:
    """Each fault with the end of its share; they lie side by side from the top, so that a draw of 0 hits none."""
    slots, top = [], CHANCES
    for armed in faults:
        slots.append((armed, top))
        top -= int(armed.share * CHANCES)
    if top < -SHARE_SLACK:
        shares = " + ".join(f"{armed.name} {armed.share:g}" for armed in faults)
        raise InputError(
            "chaos.shares",
            f"mode is exclusive and the probabilities add up to more than 1: {shares} = {sum(a.share for a in faults):g}",
            hint="a fault without a probability counts as 1; lower some, or let mode be cascade",
        )
    return tuple(slots)


class Pool:
    """The armed faults of a state. What a state before declared alike goes on counting. *Limits*: `ARMED_MAX` numbers."""

    def __init__(self, before: Pool | None = None) -> None:
        self._before: dict[tuple[str, str], Armed] = {} if before is None else before.armed
        self.armed: dict[tuple[str, str], Armed] = {}
        self.counts: dict[tuple[str, str], Count] = {} if before is None else before.counts

    def arm(self, name: str, fault: When, said: Said) -> Armed:
        """The fault of an origin, armed once."""
        key = said.origin, name
        armed = self.armed.get(key)
        if armed is None:
            armed = self._kept(key, fault, said.since_ns) or Armed(
                name, fault, said.origin, said.since_ns, self._count(key)
            )
            self.armed[key] = armed
        return armed

    def tallies(self) -> list[Tally]:
        """The numbers of everything that was ever declared."""
        return [Tally(*key, *count) for key, count in ((key, each.numbers()) for key, each in self.counts.items())]

    def _kept(self, key: tuple[str, str], fault: When, since_ns: int) -> Armed | None:
        armed = self._before.get(key)
        return armed if armed is not None and armed.fault == fault and armed.since_ns == since_ns else None

    def _count(self, key: tuple[str, str]) -> Count:
        count = self.counts.get(key)
        if count is None:
            if len(self.counts) >= ARMED_MAX:
                del self.counts[next(iter(self.counts))]
            count = self.counts[key] = Count()
        return count


class Connections(NamedTuple):
    """What the server's section says of connections; none where it says nothing."""

    open_max: int | None
    idle_ns: int | None
    total_ns: int | None


def connections(limits: dict[str, Said]) -> Connections:
    """The limits that a door holds itself."""

    def said(name: str) -> Any:
        return limits[name].value if name in limits else None

    idle, total = said("idle_timeout"), said("connection_timeout")
    return Connections(
        said("max_connections"), None if idle is None else parse_ns(idle), None if total is None else parse_ns(total)
    )
