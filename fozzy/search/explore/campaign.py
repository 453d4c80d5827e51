"""A campaign: executions until a failure that is new, the number that was asked for, the end of all schedules, or of the time.

Results are merged in the order of executions, and nothing behind a failure that ends the campaign counts, so what it
came to does not depend on `jobs`. All that counts is in one value that is replaced whole (`So`): whoever interrupts it
finds an execution counted once or not at all, and a resumed campaign repeats none and misses none.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Literal

import msgspec

from fozzy import wall
from fozzy.errors import Exit, InterruptedRun, Terminated
from fozzy.search.explore.counting import DistinctCount
from fozzy.search.explore.plan import Bench, Done, Failed, Order, Plan
from fozzy.search.explore.tree import Frontier, Tree
from fozzy.sim.schedules import Pick, Schedule

ROUND_FIRST = 32  # executions of the first round, for each job
ROUND_MAX = 8_192  # so many results wait at most for an earlier one
ROUND_NS = 5 * 10**8  # a round that took longer is long enough: forking is no matter then
PILOTS = 3  # by priorities alone, to see how many choices there are
FAILURES_MAX = 64  # different ones; a scenario with more has other problems

EndedBy = Literal["failure", "count", "exhausted", "time", "unsteady", "interrupted", "terminated"]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One of the different failures, as it was seen first, and how often it was seen."""

    failed: Failed
    order: Order
    times: int = 1


class So(msgspec.Struct, frozen=True, kw_only=True):
    """How far a campaign is: `next` executions were counted, `cut` of them ended at the most records."""

    next: int = 0
    cut: int = 0
    failing: int = 0
    seen: list[Seen] = []
    frontier: Frontier = Frontier()


class Campaign:
    """What a campaign came to so far. `bench` carries out what it wants."""

    def __init__(self, plan: Plan, bench: Bench) -> None:
        self.plan = plan
        self.so = So()
        self.schedules = DistinctCount()
        self.states = DistinctCount()
        self.covered: set[str] = set()
        self.ended_by: EndedBy = "count"
        self.unsteady = ""
        self.before = 0  # executions that were counted when it began
        self.listen: Callable[[], None] = lambda: None
        self._bench = bench
        self._tree = Tree(plan.schedule.kind == "bfs", plan.bound)
        self._began_ns = wall.elapsed_ns()

    @property
    def executions(self) -> int:
        """How many this campaign did; those of the one it goes on from are not among them."""
        return self.so.next - self.before

    @property
    def spent_ns(self) -> int:
        """How long it has been going."""
        return wall.elapsed_ns() - self._began_ns

    @property
    def is_over(self) -> bool:
        """Whether every schedule within the bound was done."""
        return self.plan.schedule.is_systematic and self.so.frontier.path is None

    def run(self) -> None:
        """Explore until it is over or somebody stops it. *Errors*: `FozzyError`."""
        self._began_ns = wall.elapsed_ns()
        self.before = self.so.next
        try:
            self._measure()
            self.ended_by = self._systematic() if self.plan.schedule.is_systematic else self._seeded()
        except (KeyboardInterrupt, InterruptedRun) as stop:
            self.ended_by = "terminated" if _is_termination(stop) else "interrupted"

    def _measure(self) -> None:
        """How many choices of who goes on there are about: what `pct` spreads its changes over.

        The first in order may end at once and leave no choice, so a few other orders are looked at too.
        """
        schedule = self.plan.schedule
        if schedule.kind != "pct" or schedule.horizon:
            return
        looks = [Schedule(kind="fifo"), *[Schedule(kind="pct", depth=1)] * PILOTS]
        pilots = [Order(index=0, seed=self.plan.seed_of(index), schedule=look) for index, look in enumerate(looks)]
        with closing(self._bench.run(pilots, None)) as answers:
            horizon = max(1, *(done.choices for done in answers))
        self.plan = msgspec.structs.replace(self.plan, schedule=msgspec.structs.replace(schedule, horizon=horizon))

    def _seeded(self) -> EndedBy:
        size = ROUND_FIRST * self.plan.jobs
        while self.so.next < self.plan.count:
            first = self.so.next
            orders = [self._order(index) for index in range(first, min(first + size, self.plan.count))]
            began_ns = wall.elapsed_ns()
            with closing(self._answers(orders)) as answers:
                for done in answers:
                    if self._merge(done, orders[done.index - first]) and not self.plan.goes_on:
                        return "failure"
            if self.so.next < first + len(orders):
                return "time"
            if wall.elapsed_ns() - began_ns < ROUND_NS:
                size = min(2 * size, ROUND_MAX)
        return "count"

    def _systematic(self) -> EndedBy:
        while (path := self.so.frontier.path) is not None:
            if self.so.next >= self.plan.count:
                return "count"
            order = self._order(self.so.next, path)
            with closing(self._answers([order])) as answers:
                done = next(answers, None)
            if done is None:
                return "time"
            if done.unsteady:
                self.unsteady = done.unsteady
                return "unsteady"
            frontier, is_new = self._tree.after(self.so.frontier, done.path)
            if not is_new:
                self.so = msgspec.structs.replace(self.so, frontier=frontier)
                continue
            order = msgspec.structs.replace(order, path=done.path)
            if self._merge(done, order, frontier) and not self.plan.goes_on:
                return "failure"
        return "exhausted"

    def _answers(self, orders: list[Order]) -> Generator[Done, None, None]:
        time_ns = self.plan.time_ns
        return self._bench.run(orders, None if time_ns is None else self._began_ns + time_ns)

    def _order(self, index: int, path: list[Pick] | None = None) -> Order:
        plan = self.plan
        return Order(index=index, seed=plan.seed_of(index), schedule=plan.schedule, path=path or [])

    def _merge(self, done: Done, order: Order, frontier: Frontier | None = None) -> bool:
        """Count an execution. Whether it failed as none before it did. What is added before `so` is replaced may be
        added twice without harm."""
        so = self.so
        self.schedules.add_all([done.schedule])
        self.states.add_all(done.states)
        self.covered.update(done.covered)
        self.so = So(
            next=so.next + 1,
            cut=so.cut + done.is_cut,
            failing=so.failing + (done.failed is not None),
            seen=so.seen if done.failed is None else _with(so.seen, done.failed, order),
            frontier=frontier or so.frontier,
        )
        self.listen()
        return len(self.so.seen) > len(so.seen)


def _is_termination(stop: KeyboardInterrupt | InterruptedRun) -> bool:
    return isinstance(stop, Terminated) or getattr(stop, "exit_status", None) == Exit.TERMINATED


def _with(seen: list[Seen], failed: Failed, order: Order) -> list[Seen]:
    """The different failures, with one more."""
    for index, each in enumerate(seen):
        if each.failed.print == failed.print:
            again = msgspec.structs.replace(each, times=each.times + 1)
            return [*seen[:index], again, *seen[index + 1 :]]
    return [*seen, Seen(failed=failed, order=order)] if len(seen) < FAILURES_MAX else seen
