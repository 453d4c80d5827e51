"""Sections compiled: what holds for the requests of one test scope and one route, ready to be decided by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from fozzy.core.choice import CHANCES
from fozzy.core.duration import parse_ns
from fozzy.faults.http.armed import Armed, Count, Tally
from fozzy.faults.http.decision import Pace
from fozzy.faults.http.kinds import latency as delays
from fozzy.faults.http.kinds import whole
from fozzy.faults.http.limits import Limit, Owed
from fozzy.faults.http.match import Facts
from fozzy.faults.http.plan import Bandwidth, Latency, When
from fozzy.faults.http.resolve import HEADER, LIMITS, SCENARIO, Layer, Resolved, Said, faults_of, place_of, section_of
from fozzy.faults.http.values import bytes_per_s
from fozzy.faults.http.when import most

KEPT_MAX = 16_384  # faults that are remembered though nobody declares them any more

Key = tuple[str, str]  # origin and name
V = TypeVar("V")

Plain = tuple[int, int | None, str, float, str]  # of a fault: what its draw adds, the least hit, and for its roll
Paces = tuple[Pace | None, Pace | None]


class Compiled:
    """What holds for some requests."""

    __slots__ = (
        "amount",
        "asked",
        "bandwidth",
        "buckets",
        "choosy",
        "concurrency",
        "exclusive",
        "faults",
        "hits",
        "is_limited",
        "latency",
        "limits",
        "mode_origin",
        "owed",
        "paces",
        "plain",
        "refused",
        "total",
    )

    def __init__(self, found: Resolved, pool: Pool, route: int | None) -> None:
        self.mode_origin = found.mode.origin
        armed = [pool.arm(name, said) for name, said in found.faults.items()]
        self.faults = tuple(each for each in armed if each.can_strike)
        self.latency = None if found.latency is None else pool.arm("latency", found.latency)
        if self.latency is not None and not self.latency.can_strike:
            self.latency = None
        self.exclusive = _slots(self.faults) if found.mode.value == "exclusive" else None
        self.plain = None if any(each.is_choosy for each in self.faults) else tuple(map(_plain, self.faults))
        self.total = sum(each.share for each in self.faults)
        self.asked = 0  # requests that the plain faults were rolled for since they were counted
        self.hits = [0] * len(self.faults)
        self.refused = 0  # requests that were let in to none of them
        self.choosy = tuple(each for each in (*self.faults, self.latency) if each is not None and each.is_choosy)
        self.amount = None if self.latency is None else delays.amount(_as_latency(self.latency.fault))
        self.limits = found.limits
        self.buckets = [_limit(name, found.limits[name]) for name in LIMITS[:3] if name in found.limits]
        self.owed = _owed(self.buckets, route)
        self.concurrency: int | None = found.limits["concurrency"].value if "concurrency" in found.limits else None
        self.is_limited = bool(self.buckets) or self.concurrency is not None
        said = found.limits.get("bandwidth")
        self.bandwidth = None if said is None else _bandwidth(said)
        self.paces = None if said is None or self.bandwidth is None else _paces(self.bandwidth, said.origin, route)

    def settle(self) -> None:
        """Count what plain faults were rolled for: of a cascade each was rolled for what those before it left."""
        for armed in (*self.faults, *((self.latency,) if self.latency else ())):
            armed.count.matched += 0 if armed.is_choosy else self.refused
        asked, left, self.refused = self.asked, self.asked, 0
        if self.plain is None or not asked:
            return
        for n, armed in enumerate(self.faults):
            hits = self.hits[n]
            armed.count.matched += asked
            armed.count.rolled += left
            armed.count.hit += hits
            self.hits[n] = 0
            if self.exclusive is None:
                left -= hits
        self.asked = 0


def _plain(armed: Armed) -> Plain:
    return armed.added, armed.threshold, armed.name, armed.share, armed.origin


def _as_latency(fault: When) -> Latency:
    assert isinstance(fault, Latency)
    return fault


def _limit(name: str, said: Said) -> Limit:
    return Limit.of(name.removesuffix("_"), said.origin, said.since_ns, said.value)


def whose(scope: str, facts: Facts, route: int | None) -> str:
    """Whose bucket it is: a client's, a route's, or everybody's. Without a route each path is one."""
    if scope == "client":
        return f"client {facts.client}"
    if scope == "route":
        return f"route {facts.path if route is None else place_of(route)}"
    return "global"


def _is_fixed(scope: str, route: int | None) -> bool:
    return scope == "global" or (scope == "route" and route is not None)


def _owed(buckets: list[Limit], route: int | None) -> Callable[[Facts], list[Owed]]:
    if all(_is_fixed(each.scope, route) for each in buckets):
        fixed = [each.owed("global" if each.scope == "global" else f"route {place_of(route or 0)}") for each in buckets]
        return lambda _: fixed
    return lambda facts: [each.owed(whose(each.scope, facts, route)) for each in buckets]


class Width(NamedTuple):
    """Bytes per second each way, and whose they are."""

    up: int | None
    down: int | None
    per: str


def _bandwidth(said: Said) -> Width:
    value = said.value if isinstance(said.value, Bandwidth) else Bandwidth(up=said.value, down=said.value)
    up, down = (None if each is None else bytes_per_s(each) for each in (value.up, value.down))
    return Width(up, down, value.per)


def _paces(width: Width, origin: str, route: int | None) -> Callable[[Facts], Paces]:
    up, down, per = width
    of = f" of {origin}" if origin.startswith(("routes[", "test ")) else ""

    def paces(facts: Facts) -> Paces:
        scope = whose(per, facts, route) + of
        return None if up is None else Pace(scope, "up", up), None if down is None else Pace(scope, "down", down)

    return paces


def _slots(faults: tuple[Armed, ...]) -> tuple[int, ...]:
    """Where the share of each fault ends; they lie side by side from the top, so that a draw of 0 hits none."""
    tops, top = [], CHANCES
    for armed in faults:
        tops.append(top)
        top -= int(armed.share * CHANCES)
    return *tops, max(0, top)


class Pool:
    """The armed faults of a state. What was declared alike before goes on as it was, also after a scenario in between.

    *Limits*: of what is not declared any more, `KEPT_MAX` are remembered.
    """

    def __init__(self, now_ns: int, before: Pool | None = None) -> None:
        self._now_ns = now_ns
        self.armed: dict[Key, Armed] = {}
        self._known: dict[Key, Armed] = {} if before is None else before.remembered(before._known)
        self.counts: dict[Key, Count] = {} if before is None else before.remembered(before.counts)

    def remembered(self, all_of_them: dict[Key, V]) -> dict[Key, V]:
        """What is kept when this state ends: of too many, the oldest that nobody declares any more are forgotten."""
        surplus = max(0, len(all_of_them) - KEPT_MAX)
        gone = set([key for key in all_of_them if key not in self.armed][:surplus])
        return {key: value for key, value in all_of_them.items() if key not in gone}

    def arm_all(self, layer: Layer) -> list[Armed]:
        """Everything that one layer declares."""
        origin, since = layer.origin, layer.since
        said = {name: Said(value, origin, since(section_of(name))) for name, value in faults_of(layer).items()}
        if layer.latency is not None:
            said["latency"] = Said(layer.latency, origin, since("latency"))
        return [self.arm(name, each) for name, each in said.items()]

    def arm(self, name: str, said: Said) -> Armed:
        """A fault of an origin, armed once; of headers, each time."""
        key = said.origin, name
        armed = self.armed.get(key)
        if armed is None:
            fault = said.value if isinstance(said.value, Latency) else whole(name, said.value)
            armed = self._kept(key, fault, said.since_ns) or self._new(key, fault, said)
            if said.origin != HEADER:
                self.armed[key] = self._known[key] = armed
        return armed

    def _new(self, key: Key, fault: When, said: Said) -> Armed:
        """A fault begins now, or with its scenario."""
        begins = said.since_ns if said.origin.startswith(SCENARIO) else max(said.since_ns, self._now_ns)
        return Armed(key[1], fault, said, begins, self._count(key, fault))

    def _kept(self, key: Key, fault: When, declared_ns: int) -> Armed | None:
        armed = self._known.get(key)
        return armed if armed is not None and armed.fault == fault and armed.declared_ns == declared_ns else None

    def _count(self, key: Key, fault: When) -> Count:
        """The numbers of a fault; one that can never strike has none that anybody sees."""
        return self.counts.setdefault(key, Count()) if most(fault) > 0 else Count()

    def tallies(self) -> list[Tally]:
        """The numbers of everything that was ever declared, in that order."""
        return [Tally(*key, *count.numbers()) for key, count in self.counts.items()]


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
