"""Toxics that were taken away, for their tallies: the last of them as they are, of those before them what it came to.

A strike of a toxic that is gone may still come to its end, so the last ones go on counting. A session that changes its
toxics for days holds no more than so many.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from msgspec.structs import replace

from fozzy.faults.tcp.armed import Armed, Tally

KEPT_MAX = 256  # that may still count
SUMS_MAX = 4096  # places whose sums are kept; what is still older is forgotten
COUNTS = ("connections", "matched", "rolled", "hit", "applied", "bypassed")


class Gone:
    """*Limits*: `KEPT_MAX` toxics and the sums of `SUMS_MAX` places."""

    def __init__(self) -> None:
        self._kept: deque[Armed] = deque()
        self._sums: dict[tuple[str, str, bool], Tally] = {}

    def add(self, armed: Armed) -> None:
        """A toxic was taken away."""
        self._kept.append(armed)
        if len(self._kept) > KEPT_MAX:
            self._sum(self._kept.popleft().tally())

    def tallies(self) -> list[Tally]:
        """The oldest first."""
        return [*self._sums.values(), *(armed.tally() for armed in self._kept)]

    def _sum(self, tally: Tally) -> None:
        key = tally.place, tally.type, tally.applied > 0  # one that never struck stays to be seen
        before = self._sums.pop(key, None)
        self._sums[key] = tally if before is None else _added(before, tally)
        if len(self._sums) > SUMS_MAX:
            del self._sums[next(iter(self._sums))]


def by_toxic(tallies: Iterable[Tally]) -> list[Tally]:
    """One tally for each name and type: a toxic that was changed, or taken away and put back, is still that toxic."""
    found: dict[tuple[str, str], Tally] = {}
    for tally in tallies:
        before = found.get((tally.place, tally.type))
        found[tally.place, tally.type] = tally if before is None else _added(before, tally)
    return list(found.values())


def _added(one: Tally, other: Tally) -> Tally:
    """Both together, of the same toxic."""
    reasons = {name: one.reasons.get(name, 0) + other.reasons.get(name, 0) for name in [*one.reasons, *other.reasons]}
    counts = {name: getattr(one, name) + getattr(other, name) for name in COUNTS}
    return replace(one, reasons=reasons, **counts)
