"""Schedules do what their names say: first in order, drawn, by priorities, or as a search wants it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fozzy.core.choice import Choices, Source
from fozzy.core.clock import Clock
from fozzy.core.events import Draw
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.sim.schedules import Fifo, Followed, Kind, Pct, Schedule, Unsteady, is_schedule, source_of

SEEDS = 20_000


def run(source: Source, steps: Sequence[int], see: Callable[[int], None] = lambda who: None) -> list[Draw]:
    """Tasks with so many steps each, by a source; who ran last is the first in order. What was drawn."""
    draws: list[Any] = []
    choices = Choices(source, Clock(), Log([draws.extend]), Redactor(), 0)
    left, last = list(steps), -1
    while ready := [number for number, count in enumerate(left) if count]:
        ready.sort(key=lambda number: number != last)
        last = ready[choices.choose("sched.loop", ready) if len(ready) > 1 else 0]
        left[last] -= 1
        see(last)
    choices.log.flush()
    return draws


def order(source: Source, *steps: int) -> tuple[int, ...]:
    """Who ran, in order."""
    ran: list[int] = []
    run(source, steps, ran.append)
    return tuple(ran)


def starves(source: Source) -> bool:
    """Whether the first of three is held back in the middle while the second makes fourteen steps."""
    ran = order(source, 2, 16, 2)
    first, second = (index for index, who in enumerate(ran) if who == 0)
    return ran[first:second].count(1) >= 14 and ran.index(1) > first


def test_fifo_is_the_stock_order() -> None:
    """One after the other, whatever the seed; other draws are the seed's."""
    for seed in range(50):
        assert order(Fifo(seed), 3, 2, 4) == (0, 0, 0, 1, 1, 2, 2, 2, 2)
    assert [Fifo(seed).draw("rand.k", 0, 1000) for seed in range(9)] == [
        Seeded(seed).draw("rand.k", 0, 1000) for seed in range(9)
    ]


def test_a_plain_seed_reaches_every_order() -> None:
    """`random` is the seed's own draw: every order of two times two steps comes, none rarely."""
    seen = Counter(order(source_of(Schedule(kind="random"), seed, ()), 2, 2) for seed in range(3000))
    assert len(seen) == 6 and min(seen.values()) > 200


def test_pct_finds_starvation_a_hundred_times_as_often_as_random() -> None:
    """Twenty thousand fixed seeds each; a schedule that only draws would fail this."""
    by_pct = sum(starves(Pct(seed, 2, 20)) for seed in range(SEEDS))
    by_chance = sum(starves(Seeded(seed)) for seed in range(SEEDS))
    assert by_pct >= 100 * max(1, by_chance), (by_pct, by_chance)
    assert by_pct >= SEEDS // 120  # the paper's bound for depth 2: 1 / (n k)


def test_pct_of_depth_one_only_has_priorities() -> None:
    """Without change points the highest runs to its end: there are as many orders as there are tasks in a row."""
    seen = {order(Pct(seed, 1, 9), 3, 3, 3) for seed in range(300)}
    assert len(seen) == 6
    assert all(sorted(ran) == [0, 0, 0, 1, 1, 1, 2, 2, 2] and len(_runs(ran)) == 3 for ran in seen)


def _runs(ran: Sequence[int]) -> list[int]:
    return [who for index, who in enumerate(ran) if index == 0 or ran[index - 1] != who]


def test_pct_changes_as_often_as_its_depth_says() -> None:
    """Depth d has at most d - 1 changes of priority; some seeds use them all, and they come anywhere."""
    switches = Counter(len(_runs(order(Pct(seed, 3, 11), 6, 6))) - 1 for seed in range(2000))
    assert max(switches) == 3 and min(switches) == 1 and set(switches) == {1, 2, 3}
    places = {_first_switch(order(Pct(seed, 2, 11), 6, 6)) for seed in range(500)}
    assert places == {1, 2, 3, 4, 5, 6}


def _first_switch(ran: Sequence[int]) -> int:
    return next(index for index, who in enumerate(ran) if who != ran[0])


def test_a_seed_and_a_horizon_are_one_schedule() -> None:
    """The same again with the same horizon; the horizon matters, and so does the seed."""
    ran = [order(Pct(seed, 3, 20), 9, 9, 9) for seed in range(40)]
    assert ran == [order(Pct(seed, 3, 20), 9, 9, 9) for seed in range(40)]
    assert len(set(ran)) > 20
    assert ran != [order(Pct(seed, 3, 5), 9, 9, 9) for seed in range(40)]


def test_pct_knows_who_from_where() -> None:
    """The same number under another label is somebody else."""
    better = set()
    for seed in range(40):
        source = Pct(seed, 1, 1)
        better.add((source.choose("sched.a", [0, 1]), source.choose("sched.b", [0, 1])))
    assert len(better) == 4


def test_a_schedule_moves_no_other_draw() -> None:
    """Whatever the schedule chooses, the user's own draws are those of the seed."""
    for schedule in (Fifo(7), Pct(7, 3, 9), Followed(7, [(1, 2)]), Seeded(7)):
        choices = Choices(schedule, Clock(), Log(), Redactor(), 0)
        choices.choose("sched.x", [4, 2])
        assert [choices.draw("rand.k", 0, 99) for _ in range(3)] == [
            value for seeded in (Seeded(7),) for value in (seeded.draw("rand.k", 0, 99) for _ in range(3))
        ]


def test_a_choice_is_recorded_as_a_draw() -> None:
    """A replay needs no schedule: the record is the index, of as many as there were."""
    draws = run(Pct(1, 2, 5), [2, 2])
    assert draws and all((draw.label, draw.low, draw.high) == ("sched.loop", 0, 1) for draw in draws)


def test_a_path_is_followed_and_then_the_first_goes_on() -> None:
    """The path that was taken is kept whole."""
    source = Followed(1, [(1, 2), (1, 2)])
    assert order(source, 2, 2) == (1, 0, 0, 1)
    assert source.taken == [(1, 2), (1, 2), (0, 2)]
    source.finish()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ([(1, 3)], "choice 1 was among 3, and now it is among 2"),
        ([(0, 2)] * 5, "the run ended before choice 3, which was among 2"),
    ],
)
def test_a_tree_that_changes_is_said(path: list[tuple[int, int]], said: str) -> None:
    """Another number of options at the same place, or an end before it, is no determinism."""
    source = Followed(1, path)
    with pytest.raises(Unsteady, match=said):
        order(source, 2, 2)
        source.finish()


@pytest.mark.parametrize("kind", ["fifo", "random", "pct", "dfs", "bfs"])
def test_every_kind_has_its_source(kind: Kind) -> None:
    """Each makes a run to its end, the same with the same seed."""
    schedule = Schedule(kind=kind, depth=2, horizon=9)
    assert order(source_of(schedule, 5, ()), 3, 3) == order(source_of(schedule, 5, ()), 3, 3)
    assert schedule.is_systematic is (kind in ("dfs", "bfs"))


@pytest.mark.parametrize(
    ("label", "is_one"),
    [
        ("sched.node", True),
        ("sched.arrive.n0", True),
        ("parallel", True),
        ("parallel.checkout", True),
        ("parallels", False),
        ("rand.sched.", False),
        ("scheduled", False),
        ("net.loss.a>b", False),
    ],
)
def test_which_labels_say_who_goes_on(label: str, is_one: bool) -> None:
    """The simulator's and those of parallel branches; no other draw."""
    assert is_schedule(label) is is_one
