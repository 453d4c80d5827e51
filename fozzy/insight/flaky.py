"""Which scenarios do not end alike over several runs: a pure function of their summaries.

Rule 1: an outcome is how a scenario ended and, when it failed, with what: kind, title and place. Messages may differ.
Rule 2: what differs under one seed is `nondeterministic`: nothing that was chosen explains it. What differs only
between seeds is `seed_dependent`: the seed decides, and a replay of either gives the same again.
Rule 3: the rate is the share of runs that did not end as most did, so 0 is steady and two runs that differ are 0.5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from fozzy.core.outcome import Camel, Finding, Status
from fozzy.core.summary import Member, Summary
from fozzy.report.cases import cases, ending

Verdict = Literal["steady", "seed_dependent", "nondeterministic"]


class Outcome(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """One way a scenario ended. `title` and `at` are those of the first finding, empty when there is none."""

    status: Status
    title: str
    at: str
    runs: int
    seeds: list[int]  # with which it ended so, sorted
    run_ids: list[str]  # in which runs, in the order they were given


class Flake(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A scenario over several runs. `outcomes` begin with what happened most; `rate` is from 0 to below 1."""

    scenario: str
    path: str
    case: str
    runs: int
    outcomes: list[Outcome]
    rate: float
    verdict: Verdict

    @property
    def unusual(self) -> int:
        """How many runs did not end as most did."""
        return self.runs - self.outcomes[0].runs


class Flakiness(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """All scenarios that occur in at least two runs, the flakiest first. `once` counts those that occur in one only."""

    runs: int
    scenarios: list[Flake]
    once: int

    @property
    def rate(self) -> float:
        """The highest rate of a scenario, 0 when there is none."""
        return max((flake.rate for flake in self.scenarios), default=0.0)

    @property
    def flaky(self) -> list[Flake]:
        """The scenarios that did not end alike."""
        return [flake for flake in self.scenarios if flake.verdict != "steady"]

    def over(self, budget_pct: float) -> list[Flake]:
        """The scenarios whose rate is over a budget in percent."""
        return [flake for flake in self.scenarios if flake.unusual * 100 > budget_pct * flake.runs]


class _Seen(NamedTuple):
    """How a scenario ended in one run."""

    run_id: str
    seed: int
    outcome: tuple[Status, str, str, str]  # status; kind, title and place of the first finding


def flakiness(summaries: Sequence[Summary]) -> Flakiness:
    """Compare how the same scenarios ended over several runs, in the order these are given.

    A summary of one run counts as a suite of one. It does not name its scenario when it passed: `Recalled.told` of
    insight/recall does. A scenario is one by its path and the combination of its matrix. What ended as its scenario
    expects has passed.
    """
    seen: dict[tuple[str, str], list[_Seen]] = {}
    names: dict[tuple[str, str], str] = {}
    for summary in summaries:
        for case in cases(summary):
            key = case.path, case.case
            seen.setdefault(key, []).append(_Seen(summary.identity.run_id, case.seed, _outcome(case)))
            names.setdefault(key, case.name)
    flakes = [_flake(names[key], key, runs) for key, runs in seen.items() if len(runs) > 1]
    flakes.sort(key=lambda flake: (-flake.rate, flake.path, flake.case))
    return Flakiness(runs=len(summaries), scenarios=flakes, once=len(seen) - len(flakes))


def _outcome(case: Member) -> tuple[Status, str, str, str]:
    first = next(iter(case.findings), None) if not case.passed else None
    return ending(case), *(_failure(first) if first else ("", "", ""))


def _failure(finding: Finding) -> tuple[str, str, str]:
    return finding.kind, finding.title, finding.location.path if finding.location else ""


def _flake(name: str, key: tuple[str, str], runs: Sequence[_Seen]) -> Flake:
    counted = Counter(each.outcome for each in runs)
    order = sorted(counted, key=lambda outcome: (-counted[outcome], outcome[0] != "pass", outcome))
    outcomes = [_told(outcome, [each for each in runs if each.outcome == outcome]) for outcome in order]
    rate = (len(runs) - counted[order[0]]) / len(runs)
    return Flake(
        scenario=name, path=key[0], case=key[1], runs=len(runs), outcomes=outcomes, rate=rate, verdict=_verdict(runs)
    )


def _told(outcome: tuple[Status, str, str, str], runs: Sequence[_Seen]) -> Outcome:
    status, _, title, at = outcome
    seeds, run_ids = sorted({each.seed for each in runs}), _distinct(each.run_id for each in runs)
    return Outcome(status=status, title=title, at=at, runs=len(runs), seeds=seeds, run_ids=run_ids)


def _distinct(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _verdict(runs: Sequence[_Seen]) -> Verdict:
    if len({each.outcome for each in runs}) == 1:
        return "steady"
    by_seed: dict[int, set[tuple[Status, str, str, str]]] = {}
    for each in runs:
        by_seed.setdefault(each.seed, set()).add(each.outcome)
    return "nondeterministic" if any(len(outcomes) > 1 for outcomes in by_seed.values()) else "seed_dependent"
