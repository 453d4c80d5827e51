"""A fault that is armed: when it strikes as closures, what became of it as numbers. One for each that a plan declares.

`matched`, `rolled`, `hit`, `applied` and `bypassed` are for the tally and outlive changes; `ordinal`, `struck` and
`turns` decide, and begin anew when the fault is declared anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fozzy.core.choice import CHANCES, first_hit
from fozzy.core.exchange import Roll
from fozzy.faults.http import when as schedule
from fozzy.faults.http.kinds import ACTS, Act
from fozzy.faults.http.match import Facts, matcher
from fozzy.faults.http.plan import Latency, When
from fozzy.faults.http.resolve import Said
from fozzy.faults.keyed import draw_at, stream


class Tally(NamedTuple):
    """What became of one declared fault; `place` is who declares it, as origins are written."""

    place: str
    name: str
    matched: int
    rolled: int
    hit: int
    applied: int
    bypassed: int


class Count:
    """The numbers of one declared fault, whatever became of its declaration since."""

    __slots__ = ("matched", "rolled", "hit", "applied", "bypassed")

    def __init__(self) -> None:
        self.matched = self.rolled = self.hit = self.applied = self.bypassed = 0

    def numbers(self) -> tuple[int, int, int, int, int]:
        """As in a `Tally`."""
        return self.matched, self.rolled, self.hit, self.applied, self.bypassed


class Armed:
    """One fault, or a latency, of one origin."""

    __slots__ = (
        "act",
        "added",
        "chance",
        "count",
        "declared_ns",
        "fault",
        "gates",
        "is_choosy",
        "matches",
        "name",
        "ordinal",
        "origin",
        "sequence",
        "share",
        "since_ns",
        "struck",
        "threshold",
        "times",
        "turns",
    )

    def __init__(self, name: str, fault: When, said: Said, since_ns: int, count: Count) -> None:
        self.name, self.fault, self.origin, self.since_ns, self.count = name, fault, said.origin, since_ns, count
        self.declared_ns = said.since_ns
        self.added = stream(name)
        self.act: Act | None = None if isinstance(fault, Latency) else ACTS[name][1](fault)
        self.matches: Callable[[Facts], bool] | None = matcher(fault.match) if fault.match is not None else None
        self.gates = schedule.gates(fault)
        self.chance = schedule.chance(fault)
        self.share = schedule.most(fault)
        self.threshold = None if fault.probability is None else first_hit(fault.probability)
        self.times = fault.times
        self.sequence: list[int] = getattr(fault, "sequence", [])
        self.is_choosy = bool(self.gates or self.matches or self.times or self.chance or self.sequence)
        self.ordinal = self.struck = self.turns = 0

    @property
    def can_strike(self) -> bool:
        """Whether it ever could."""
        return self.share > 0

    def is_due(self, facts: Facts, now_ns: int) -> bool:
        """Whether a request may be struck; counts it where it is meant."""
        if self.matches is not None and not self.matches(facts):
            return False
        self.count.matched += 1
        self.ordinal += 1
        elapsed_ns = now_ns - self.since_ns
        if not all(gate(self.ordinal, elapsed_ns) for gate in self.gates):
            return False
        if self.sequence and self.turns >= len(self.sequence):
            return False
        return (self.times is None or self.struck < self.times) and (
            self.chance is None or self.chance(self.ordinal, elapsed_ns) > 0
        )

    def rolls(self, base: int, now_ns: int, rolls: list[Roll]) -> bool:
        """Roll it for a request that may be struck."""
        self.count.rolled += 1
        if self.chance is not None:
            probability = self.chance(self.ordinal, now_ns - self.since_ns)
            threshold = first_hit(probability)
        elif self.threshold is None:
            return self.strikes()
        else:
            probability, threshold = self.fault.probability or 0.0, self.threshold
        value = draw_at(base, self.added)
        hit = value >= threshold
        rolls.append(Roll(self.name, probability, value, hit, self.origin))
        return hit and self.strikes()

    def strikes(self) -> bool:
        """Its turn has come; a sequence may let it pass."""
        self.turns += 1
        if self.sequence and self.sequence[self.turns - 1] == 0:
            return False
        self.struck += 1
        self.count.hit += 1
        return True

    def width(self, now_ns: int) -> int:
        """Of 2^53 draws, how many hit it now."""
        if self.chance is None:
            return int(self.share * CHANCES)
        return int(self.chance(self.ordinal, now_ns - self.since_ns) * CHANCES)
