"""A campaign: rounds of portions until its runs or its time are over.

Every portion of a round starts from the same corpus, with a generator of its own; what portions found is merged in
their order. So a campaign of so many runs finds the same on every machine, with any number of jobs. Time alone is the
wall's: it ends a campaign between two rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple, Protocol

import msgspec

from fozzy import wall
from fozzy.errors import InterruptedRun
from fozzy.search.fuzz.portion import LENGTH_FIRST, Crash, Find, Portion, Told, is_strong

PORTIONS = 4  # of a round; more jobs than that do not help
GROWTH_ROUNDS = 4  # so often a portion becomes twice as large
LENGTH_ROUNDS = 2  # after so many rounds inputs may be twice as long
CRASHES_MAX = 64  # different ones; a target with more has other problems


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How long to search, and for what. *Units*: `time_ns` is wall time."""

    seed: int
    runs: int | None = None
    time_ns: int | None = None
    bytes_max: int = 4096
    guided: bool = True
    unit: int = 256  # executions of a portion in the first round


class Bench(Protocol):
    """Somebody who executes the portions of a round; `seen` are the features known before it."""

    first: Sequence[bytes]

    def run(self, portions: Sequence[Portion], seen: frozenset[int], end_ns: int | None) -> Generator[Told, None, None]:
        """What each portion came to, in their order. *Errors*: `FozzyError`. *Closes*: what is under way, with it."""
        ...


class Campaign:
    """What a campaign came to so far."""

    def __init__(self, plan: Plan, bench: Bench, given: Sequence[bytes]) -> None:
        self.plan = plan
        self.runs = self.rounds = self.forks = 0
        self.begun = 0  # runs as they are numbered: a portion that time cut short counts as whole
        self.corpus: list[bytes] = []
        self.strong: list[bytes] = []
        self.seen: set[int] = set()
        self.crashes: dict[tuple[str, ...], Crash] = {}
        self.first_runs: dict[tuple[str, ...], int] = {}
        self.finds: list[tuple[int, Find]] = []
        self.interrupted: KeyboardInterrupt | InterruptedRun | None = None
        self.listen: Callable[[], None] = lambda: None
        self._bench = bench
        self._given = list(dict.fromkeys([*bench.first, *given]))
        self._began_ns = wall.elapsed_ns()

    @property
    def spent_ns(self) -> int:
        """How long it has been going."""
        return wall.elapsed_ns() - self._began_ns

    def run(self) -> None:
        """Search until runs or time are over, or somebody stops it."""
        try:
            for portions in self._rounds():
                self._round(portions)
                self.listen()
        except (KeyboardInterrupt, InterruptedRun) as stop:
            self.interrupted = stop

    def take(self, told: Told) -> None:
        """What another search came to, as if this one had."""
        for crash in told.crashes:
            self._crashed(crash)
        self.runs += told.runs
        self.forks += told.forks

    def _rounds(self) -> Iterator[list[Portion]]:
        yield [self._portion("0", given=self._given, runs=len(self._given))]
        while not self._is_over():
            self.rounds += 1
            yield [each for each in self._planned() if each.runs > 0]

    def _planned(self) -> Iterator[Portion]:
        left = None if self.plan.runs is None else self.plan.runs - self.runs
        size = self.plan.unit << min(self.rounds - 1, GROWTH_ROUNDS)
        for index in range(PORTIONS):
            runs = size if left is None else min(size, left)
            left = None if left is None else left - runs
            yield self._portion(f"{self.rounds}.{index}", runs=runs)

    def _portion(self, name: str, *, runs: int, given: Sequence[bytes] = ()) -> Portion:
        plan = self.plan
        length = LENGTH_FIRST << min(self.rounds // LENGTH_ROUNDS, 24)
        return Portion(
            name=name,
            seed=plan.seed,
            runs=runs,
            given=list(given),
            corpus=list(self.corpus),
            strong=list(self.strong),
            guided=plan.guided,
            bytes_max=plan.bytes_max,
            length=length,
        )

    def _round(self, portions: Sequence[Portion]) -> None:
        end_ns = None if self.plan.time_ns is None else self._began_ns + self.plan.time_ns
        self.begun = self.runs
        answers = self._bench.run(portions, frozenset(self.seen), end_ns)
        with closing(answers):  # whoever stops in the middle stops what is under way
            for portion, told in zip(portions, answers, strict=True):
                self._merge(portion, told)
                self.begun += portion.count
                self.listen()

    def _merge(self, portion: Portion, told: Told) -> None:
        for find in told.finds:
            fresh = [feature for feature in find.features if feature not in self.seen]
            if fresh:
                self.seen.update(fresh)
                self.corpus.append(find.data)
                if is_strong(fresh):
                    self.strong.append(find.data)
                self.finds.append((self.begun + find.number + 1, find))
        for crash in told.crashes:
            self._crashed(crash)
        if portion.given and not self.corpus:  # all of them crashed, or what they reach is not looked at
            self.corpus = list(portion.given)
        self.runs += told.runs
        self.forks += told.forks

    def _crashed(self, crash: Crash) -> None:
        if crash.print not in self.crashes and len(self.crashes) < CRASHES_MAX:
            self.crashes[crash.print] = crash
            self.first_runs[crash.print] = self.begun + crash.number + 1

    def _is_over(self) -> bool:
        plan = self.plan
        if plan.time_ns is not None and self.spent_ns >= plan.time_ns:
            return True
        return plan.runs is not None and self.runs >= plan.runs


class Distinct(NamedTuple):
    """One of the different crashes of a campaign."""

    crash: Crash
    run: int  # the execution it was first seen in, from 1


def distinct(campaign: Campaign) -> list[Distinct]:
    """The different crashes, in the order they were first seen."""
    return [Distinct(crash, campaign.first_runs[key]) for key, crash in campaign.crashes.items()]
