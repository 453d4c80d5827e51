"""The scenario's clock: whole nanoseconds that only move when something moves them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.clock import Clock, TimeUp


def test_it_begins_at_zero_without_a_deadline() -> None:
    """A fresh clock stands at zero, runs, and has no end."""
    clock = Clock()
    assert (clock.now, clock.aside_ns, clock.frozen, clock.left_ns()) == (0, 0, False, None)


def test_advance_does_not_wait_and_sleep_does() -> None:
    """Both move the clock by the same; only sleep waits."""
    waited: list[int] = []
    clock = Clock(waited.append)
    clock.advance(3)
    clock.sleep(4)
    assert (clock.now, waited) == (7, [4])


def test_host_time_moves_a_running_clock_only() -> None:
    """Measured time moves the clock, or is summed apart while it is frozen; sleep and advance move it always."""
    clock = Clock()
    clock.spend(5)
    clock.frozen = True
    clock.spend(7)
    clock.sleep(1)
    clock.advance(1)
    assert (clock.now, clock.aside_ns) == (7, 7)


@pytest.mark.parametrize("move", ["advance", "sleep", "spend", "delay"])
@pytest.mark.parametrize("frozen", [False, True])
def test_the_deadline_cuts_every_move(move: str, frozen: bool) -> None:
    """At the deadline exactly nothing happens; beyond it the clock stops there and TimeUp is raised."""
    waited: list[int] = []
    clock = Clock(waited.append)
    clock.deadline_ns, clock.frozen = 10, frozen
    getattr(clock, move)(4)
    getattr(clock, move)(6)
    assert (clock.now + clock.aside_ns, clock.left_ns()) == (10, 0)
    with pytest.raises(TimeUp):
        getattr(clock, move)(1)
    assert clock.now + clock.aside_ns == 10
    assert sum(waited) in (0, 10)


@given(
    moves=st.lists(st.tuples(st.sampled_from(["advance", "sleep", "spend", "freeze"]), st.integers(0, 10**12))),
    deadline=st.none() | st.integers(0, 10**13),
)
def test_time_never_goes_back_and_never_passes_the_deadline(moves: list[tuple[str, int]], deadline: int | None) -> None:
    """Whatever moves it, the clock only goes on, waits no longer than it moves, and stops at its deadline."""
    waited: list[int] = []
    clock = Clock(waited.append)
    clock.deadline_ns = deadline
    for move, duration_ns in moves:
        before = clock.now
        if move == "freeze":
            clock.frozen = not clock.frozen
            continue
        try:
            getattr(clock, move)(duration_ns)
        except TimeUp:
            assert deadline is not None and clock.now + clock.aside_ns == deadline
        assert clock.now >= before
    assert sum(waited) <= clock.now
    assert deadline is None or clock.now + clock.aside_ns <= deadline


def test_a_bound_holds_inside_alone() -> None:
    """Inside the end is no later than said; afterwards, also after TimeUp, it is what it was."""
    clock = Clock()
    with clock.bounded(5):
        assert clock.left_ns() == 5
        clock.advance(5)
        with pytest.raises(TimeUp):
            clock.advance(1)
    assert (clock.now, clock.deadline_ns, clock.left_ns()) == (5, None, None)
    clock.deadline_ns = 20
    with pytest.raises(TimeUp), clock.bounded(7):
        clock.sleep(9)
    assert (clock.now, clock.deadline_ns, clock.left_ns()) == (7, 20, 13)


@pytest.mark.parametrize(("outer", "inner"), [(5, 9), (9, 5), (5, 5)])
def test_of_nested_bounds_the_nearest_holds(outer: int, inner: int) -> None:
    """A bound inside another, or inside the deadline, never loosens it."""
    clock = Clock()
    clock.deadline_ns = 100
    with clock.bounded(outer):
        with clock.bounded(inner), pytest.raises(TimeUp):
            clock.advance(50)
        assert clock.deadline_ns == outer
    assert (clock.now, clock.deadline_ns) == (5, 100)


def test_a_bound_in_the_past_leaves_nothing() -> None:
    """What is bounded to an earlier time has no time left; what takes none still goes."""
    clock = Clock()
    clock.advance(10)
    with clock.bounded(5):
        assert clock.left_ns() == 0
        clock.advance(0)
        with pytest.raises(TimeUp):
            clock.spend(1)
    assert clock.now == 10


def test_bounds_count_time_put_aside() -> None:
    """A bound is in the terms of all time spent, also what a frozen clock put aside."""
    clock = Clock()
    clock.frozen = True
    clock.spend(4)
    assert (clock.now, clock.spent_ns()) == (0, 4)
    with clock.bounded(clock.spent_ns() + 3), pytest.raises(TimeUp):
        clock.spend(9)
    assert (clock.now, clock.aside_ns, clock.spent_ns()) == (0, 7, 7)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_delay_is_waited_for_and_counts_as_host_time(frozen: bool) -> None:
    """A scripted answer is waited for like a sleep, but like host time it does not move a frozen clock."""
    waited: list[int] = []
    clock = Clock(waited.append)
    clock.frozen = frozen
    clock.delay(6)
    assert (clock.now, clock.aside_ns, waited) == ((0, 6, [6]) if frozen else (6, 0, [6]))
    with clock.bounded(8), pytest.raises(TimeUp):
        clock.delay(9)
    assert (clock.spent_ns(), waited) == (8, [6, 2])
