"""Campaigns: the earliest failure, the same with any number of jobs, stopped and resumed without a repetition."""

from __future__ import annotations

import resource
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from fozzy.errors import InterruptedRun, Terminated
from fozzy.search.explore.campaign import FAILURES_MAX, Campaign
from fozzy.search.explore.kept import kept_of
from fozzy.search.explore.tree import costs

from .conftest import Scripted, bench_of, branches, explored, loaded_of, plan_of, say

RARE = [
    {"type": "rand_int", "key": "k", "min": 0, "max": 199},
    branches(2, 2),
    {"type": "assert", "that": "${k}", "not_equals": 7},
]
LOADED = loaded_of(RARE)


def told(campaign: Campaign) -> bytes:
    """All that must be the same, as it is kept."""
    kept = kept_of(campaign, LOADED, 0, [])
    return msgspec.json.encode(msgspec.structs.replace(kept, plan=msgspec.structs.replace(kept.plan, jobs=1)))


@pytest.mark.parametrize("kind", ["random", "pct", "fifo"])
@pytest.mark.parametrize("goes_on", [False, True])
def test_jobs_change_nothing(kind: str, goes_on: bool) -> None:
    """One process or three: the same failures, counts, schedules, states and places."""
    alone = explored(RARE, kind, 900, goes_on=goes_on)
    assert alone.so.seen and alone.so.next == (900 if goes_on else alone.so.seen[0].order.index + 1)
    for jobs in (2, 3):
        assert told(explored(RARE, kind, 900, goes_on=goes_on, jobs=jobs)) == told(alone)


def test_the_earliest_failure_is_told() -> None:
    """All executions before it passed, and it is done again by its seed alone."""
    campaign = explored(RARE, "random", 2_000, jobs=3)
    (seen,) = campaign.so.seen
    assert campaign.ended_by == "failure" and seen.order.seed == 1 + seen.order.index > 5
    before = explored(RARE, "random", seen.order.index)
    assert before.ended_by == "count" and not before.so.seen
    one = explored(RARE, "random", 1, seed=seen.order.seed)
    assert one.so.seen[0].failed == seen.failed and one.so.seen[0].order.index == 0


def test_failures_are_counted_by_what_they_are() -> None:
    """Each different one as it was seen first, with how often; there is a bound."""
    campaign = Campaign(plan_of("random", 30, goes_on=True), Scripted(failing=range(1, 30, 2)))
    campaign.run()
    assert [(each.failed.at, each.order.index, each.times) for each in campaign.so.seen] == [
        ("steps[1]", 1, 5),
        ("steps[0]", 3, 5),
        ("steps[2]", 5, 5),
    ]
    assert campaign.so.failing == 15 and campaign.ended_by == "count"
    assert FAILURES_MAX < 100


# Branches of three and three, counted by hand: see test_tree.py.
@pytest.mark.parametrize("kind", ["dfs", "bfs"])
@pytest.mark.parametrize(("bound", "schedules"), [(None, 20), (0, 1), (1, 4), (2, 10)])
def test_all_orders_within_the_bound(kind: str, bound: int | None, schedules: int) -> None:
    """Exactly so many, each another one; then it is exhausted and says so."""
    campaign = explored([branches(3, 3)], kind, bound=bound)
    assert (campaign.so.next, campaign.schedules.count) == (schedules, schedules)
    assert campaign.ended_by == "exhausted" and campaign.is_over


@pytest.mark.parametrize("kind", ["dfs", "bfs"])
def test_a_number_of_executions_ends_a_search(kind: str) -> None:
    """One less than all is not exhausted; exactly all is."""
    assert explored([branches(3, 3)], kind, 19).ended_by == "count"
    assert explored([branches(3, 3)], kind, 20).ended_by == "exhausted"


# Two orders are wrong: one that only begins with the other branch, and one with two switches that dfs comes to first.
ORDERS = [
    {"type": "set_kv", "key": "order", "value": ""},
    {
        "type": "parallel",
        "branches": {who: [{"type": "set_kv", "key": "order", "value": "${order}" + who}] * 3 for who in "ab"},
    },
    {"type": "assert", "that": "${order}", "not_equals": "aababb"},
    {"type": "assert", "that": "${order}", "not_equals": "bbbaaa"},
]


def test_bfs_finds_the_failure_with_the_fewest_switches() -> None:
    """dfs comes to another one first; with fewer picks than bfs needs there is none."""
    (by_level,) = explored(ORDERS, "bfs").so.seen
    (deep,) = explored(ORDERS, "dfs").so.seen
    assert (by_level.failed.at, costs(by_level.order.path)) == ("steps[3]", 1)
    assert (deep.failed.at, costs(deep.order.path)) == ("steps[2]", 2)
    assert explored(ORDERS, "dfs", bound=0).so.seen == []


def test_no_other_draw_changes_in_a_search() -> None:
    """Every schedule has the one seed, so what is drawn is always the same."""
    steps = [{"type": "rand_int", "key": "k", "min": 0, "max": 10**9}, branches(2, 2)]
    notes = explored([*steps, {"type": "assert", "that": "${k}", "equals": -1}], "dfs", goes_on=True)
    assert len({notes.so.seen[0].failed.message}) == 1 and notes.so.failing == 6 and len(notes.so.seen) == 1


# One branch writes, stops in the middle, and may be starved by sixteen steps of another.
STARVED = [
    {"type": "set_kv", "key": "ticks", "value": 0},
    {
        "type": "parallel",
        "branches": {
            "writer": [say("begin"), {"type": "set_kv", "key": "seen", "value": "${ticks}"}],
            "ticker": [{"type": "set_kv", "key": "ticks", "value": tick} for tick in range(1, 19)],
            "other": [say("x"), say("y")],
        },
    },
    {"type": "assert", "that": "${seen}", "less": 16},
]


def test_pct_finds_a_starved_branch_a_hundred_times_as_often_as_random() -> None:
    """By a whole campaign over steps, with the number of choices it measured itself."""
    by_pct = explored(STARVED, "pct", 4_000, depth=2, goes_on=True, seed=7)
    by_chance = explored(STARVED, "random", 4_000, goes_on=True, seed=7)
    assert by_pct.so.failing >= 100 * max(1, by_chance.so.failing), (by_pct.so.failing, by_chance.so.failing)
    assert by_pct.plan.schedule.horizon >= 14


def test_one_execution_of_pct_alone_needs_the_horizon() -> None:
    """With it, the seed and the depth it is the same again; the campaign says which it was."""
    (seen,) = explored(STARVED, "pct", depth=2).so.seen
    assert seen.order.schedule.horizon > 1
    again = Campaign(plan_of("pct", 1, seed=seen.order.seed), bench_of(STARVED))
    again.plan = msgspec.structs.replace(again.plan, schedule=seen.order.schedule)
    again.run()
    assert again.so.seen[0].failed == seen.failed


@pytest.mark.parametrize("stop_at", [0, 1, 40, 63, 64, 65])
@pytest.mark.parametrize("kind", ["random", "dfs"])
def test_a_stopped_campaign_goes_on_where_it_was(stop_at: int, kind: str) -> None:
    """Together the two did every execution once, and know what one without a stop knows."""
    steps = [branches(4, 4)]
    whole = explored(steps, kind, 70)
    bench = Scripted(stop_at=stop_at) if kind == "random" else _Stopping(steps, stop_at)
    first = Campaign(plan_of(kind, 70), bench)  # type: ignore[arg-type]
    first.run()
    assert first.ended_by == "interrupted" and first.so.next == stop_at
    second = Campaign(plan_of(kind, 70), bench)  # type: ignore[arg-type]
    kept_of(first, LOADED, 0, []).restore(second)
    second.run()
    assert second.so.next == whole.so.next and first.executions + second.executions == whole.so.next
    counted = [each.index for each in bench.asked]
    assert counted == list(range(whole.so.next))
    if kind == "dfs":
        assert told(second) == told(whole)


class _Stopping(Scripted):
    """A bench for steps that is stopped in the middle once."""

    def __init__(self, steps: list[Any], stop_at: int) -> None:
        super().__init__(stop_at=stop_at)
        self._bench = bench_of(steps)

    def _done(self, order: Any) -> Any:
        return self._bench.execute(order)


def test_every_stop_of_a_search_misses_no_schedule() -> None:
    """Stopped after each single execution and resumed, dfs and bfs come to all orders once."""
    for kind in ("dfs", "bfs"):
        kept, paths = None, []
        for count in range(1, 30):
            campaign = Campaign(plan_of(kind, count, goes_on=True), bench_of([branches(3, 3)]))
            if kept is not None:
                kept.restore(campaign)
            campaign.run()
            kept = kept_of(campaign, LOADED, 0, [])
            paths.append((campaign.so.next, campaign.schedules.count))
            if campaign.is_over:
                break
        assert paths == [(count, count) for count in range(1, 21)], kind


@pytest.mark.parametrize(
    ("stop", "ended_by"),
    [(KeyboardInterrupt, "interrupted"), (Terminated, "terminated"), (InterruptedRun, "interrupted")],
)
def test_how_it_was_stopped_is_known(stop: Any, ended_by: str) -> None:
    """Ctrl-C, a signal to end, or either of them in a run."""
    raised = stop if stop is not InterruptedRun else InterruptedRun.by(KeyboardInterrupt(), "stopped")
    campaign = Campaign(plan_of("random"), Scripted(stop_at=3, stop=raised))
    campaign.run()
    assert (campaign.ended_by, campaign.so.next) == (ended_by, 3)


def test_an_interrupt_between_two_executions_loses_none() -> None:
    """Whoever stops it while it tells of an execution finds that one counted."""
    bench = Scripted()
    campaign = Campaign(plan_of("random"), bench)

    def stop() -> None:
        raise KeyboardInterrupt

    campaign.listen = stop
    campaign.run()
    assert campaign.so.next == 1 and campaign.ended_by == "interrupted" and bench.closed == 1


def test_time_ends_a_campaign() -> None:
    """Whatever is left to do; what was done counts."""
    campaign = explored([branches(2, 2)], "random", 10**9, time_ns=10**9)
    assert campaign.ended_by == "time" and 0 < campaign.so.next < 10**6
    assert explored([branches(9, 9)], "dfs", 10**9, time_ns=10**8).ended_by == "time"


def test_a_tree_that_changes_under_its_feet_ends_the_search() -> None:
    """It is said, and nothing of that execution counts."""

    class Changing(_Stopping):
        def _done(self, order: Any) -> Any:
            steps = [branches(2, 2)] if order.index < 3 else [branches(2, 2, 2)]
            return bench_of(steps).execute(order)

    campaign = Campaign(plan_of("dfs"), Changing([say("x")], -1))
    campaign.run()
    assert campaign.ended_by == "unsteady" and "is among 3" in campaign.unsteady and campaign.so.next == 3


def test_ten_thousand_executions_stay_flat_in_memory() -> None:
    """What a campaign keeps does not grow with what it has done."""
    sizes = []
    for count in (30_000, 60_000):
        campaign = Campaign(plan_of("random", count), Scripted())
        campaign.run()
        assert campaign.so.next == count
        sizes.append(len(told(campaign)))
    assert all(other < 1.01 * one for one, other in pairwise(sizes))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    explored([branches(2, 2)], "random", 10_000)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 30_000


def test_cut_executions_are_counted() -> None:
    """They are no failure, and the campaign says how many there were."""
    campaign = Campaign(plan_of("random", 5), bench_of([branches(9, 9)], records_max=10))
    campaign.run()
    assert campaign.so.cut == 5 and not campaign.so.seen
