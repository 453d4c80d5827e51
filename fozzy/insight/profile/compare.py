"""What changed between runs, and whether it is more than noise.

Rule 1: virtual time of runs that asked no host is exact: any difference is a change.
Rule 2: with enough runs on both sides a rank test decides; below that, a threshold from how the runs' own repeats scatter.
Rule 3: what was decided by is always said. No correction is made for how many steps are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple

from fozzy.insight.profile.load import Profile
from fozzy.insight.profile.ranks import least, rank_test
from fozzy.insight.profile.top import By, step_own, top

P_MAX = 0.05
SHARE_MIN = 0.05  # a difference that is sure and smaller than this is nobody's business
ABSOLUTE_MIN_NS = 50_000  # below it one run against one says nothing
SCATTERS = 3.0
THRESHOLD_MIN = 0.25
THRESHOLD_UNKNOWN = 1.0  # nothing repeats: only a doubling counts
REPEATS_MIN = 3
_MAD = 1.4826  # a median deviation as a standard deviation, for a normal distribution

Verdict = Literal["slower", "faster", "same", "added", "removed"]
Key = tuple[str, str, str]  # what, name, place
Pair = tuple[Key, list[int] | None, list[int] | None]


class Change(NamedTuple):
    """One thing before and after. *Units*: nanoseconds, the median of the runs; `p` only where a rank test was made."""

    what: str
    name: str
    at: str
    clock: By
    before_ns: int
    after_ns: int
    verdict: Verdict
    p: float | None = None

    @property
    def share(self) -> float:
        """The difference as a share of what was before; 0 when there was nothing."""
        return (self.after_ns - self.before_ns) / self.before_ns if self.before_ns else 0.0


class Comparison(NamedTuple):
    """Every thing both sides have or one has, what matters most first; `how` says what noise is taken to be."""

    changes: list[Change]
    how: list[str]

    def of(self, *verdicts: Verdict) -> list[Change]:
        """The changes with one of these verdicts."""
        return [change for change in self.changes if change.verdict in verdicts]


def compare(before: Sequence[Profile], after: Sequence[Profile]) -> Comparison:
    """Compare runs with runs. Real times are compared when all runs have them."""
    everybody = [*before, *after]
    exact = all(_is_exact(profile) for profile in everybody)
    timed = all(profile.is_timed for profile in everybody)
    judge = _Judge(before, after)
    how = ["virtual times are exact: any difference is a change"] if exact else []
    changes = [_change(judge, pair, "virtual", exact) for pair in _pairs(before, after, "virtual")]
    if timed:
        changes += [_change(judge, pair, "real", False) for pair in _pairs(before, after, "real")]
    else:
        how.append("real times are not compared: not every run was made with --profile")
    how += [judge.said] if timed or not exact else []
    if timed and len({profile.side.memory for profile in everybody if profile.side is not None}) > 1:
        how.append("some runs watched allocations and some did not: their calls cannot be compared")
    order = ("slower", "added", "removed", "faster", "same")
    changes.sort(
        key=lambda each: (order.index(each.verdict), -abs(each.after_ns - each.before_ns), each.name, each.clock)
    )
    return Comparison(changes, how)


def _is_exact(profile: Profile) -> bool:
    backends = profile.header.backends
    return "host" not in (backends.proc, backends.fs, backends.http)


def _pairs(before: Sequence[Profile], after: Sequence[Profile], by: By) -> list[Pair]:
    """The times of everything on both sides, none where it never ran on that side."""
    left, right = [_times(each, by) for each in before], [_times(each, by) for each in after]
    keys = dict.fromkeys(key for table in (*left, *right) for key in table)
    return [(key, _column(left, key), _column(right, key)) for key in keys]


def _column(tables: Sequence[dict[Key, int]], key: Key) -> list[int] | None:
    return [table.get(key, 0) for table in tables] if any(key in table for table in tables) else None


def _times(profile: Profile, by: By) -> dict[Key, int]:
    """The run as a whole, each step without its nested steps, each function without those it calls."""
    root, tables = profile.root, top(profile.root, by)
    times: dict[Key, int] = {("run", "run", ""): root.real_ns if by == "real" else root.virtual_ns}
    times |= {("step", row.name, row.at): row.by(by) for row in tables.steps}
    if by == "real":
        for row in tables.functions:
            key = ("function", row.name, row.at.rpartition(":")[0])
            times[key] = times.get(key, 0) + row.own_real_ns
    return times


def _change(judge: _Judge, pair: Pair, by: By, exact: bool) -> Change:
    (what, name, at), before, after = pair
    old, new = round(median(before or [0])), round(median(after or [0]))
    if before is None or after is None:
        return Change(what, name, at, by, old, new, "added" if before is None else "removed")
    p = None if exact else judge.chance(before, after)
    sure = old != new if exact else judge.is_sure(old, new, p)
    verdict: Verdict = "same" if not sure else "slower" if new > old else "faster"
    return Change(what, name, at, by, old, new, verdict, p)


class _Judge:
    """Decides what is more than noise."""

    def __init__(self, before: Sequence[Profile], after: Sequence[Profile]) -> None:
        self._by_ranks = least(len(before), len(after)) <= P_MAX
        scatter = _scatter([*before, *after])
        self._threshold = THRESHOLD_UNKNOWN if scatter is None else max(THRESHOLD_MIN, SCATTERS * scatter)
        sides = f"{len(before)} against {len(after)} runs"
        if self._by_ranks:
            self.said = f"{sides}: a rank test with p below {P_MAX}, and at least {SHARE_MIN:.0%}"
        else:
            why = "nothing repeats in them" if scatter is None else f"their own repeats scatter by {scatter:.0%}"
            self.said = f"{sides}: more than {self._threshold:.0%} and {ABSOLUTE_MIN_NS // 1000}us, since {why}"
            self.said += "; four runs on each side allow a rank test"

    def chance(self, before: list[int], after: list[int]) -> float | None:
        """What the rank test says, when there are enough runs for one."""
        return rank_test(before, after) if self._by_ranks else None

    def is_sure(self, old: int, new: int, p: float | None) -> bool:
        """Whether a difference is more than noise."""
        difference = abs(new - old)
        if p is not None:
            return p <= P_MAX and difference >= SHARE_MIN * old
        return difference > self._threshold * min(old, new) and difference > ABSOLUTE_MIN_NS


def _scatter(profiles: Sequence[Profile]) -> float | None:
    """How far repeats of a step lie from their median, as a share of it: the median over all repeated steps."""
    found = [
        _MAD * median(abs(each - middle) for each in times) / middle
        for profile in profiles
        if profile.is_timed
        for times in _repeats(profile)
        if (middle := median(times)) > 0
    ]
    return median(found) if found else None


def _repeats(profile: Profile) -> list[list[int]]:
    times: dict[tuple[str, str], list[int]] = {}
    for span in profile.root.walk():
        if span.kind == "step":
            times.setdefault((span.at, span.name), []).append(step_own(span)[1])
    return [each for each in times.values() if len(each) >= REPEATS_MIN]
