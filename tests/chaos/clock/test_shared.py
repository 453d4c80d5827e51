"""The shared clock: it jumps to the earliest time that is waited for, when all wait and nothing is in flight."""

from __future__ import annotations

import threading

import pytest

from fozzy import wall
from fozzy.chaos.clock import shared
from fozzy.chaos.clock.shared import ASLEEP_S, Seat, SharedClock

SOON_S = 10.0


class Waiter:
    """Somebody who waits on a clock."""

    def __init__(self, clock: SharedClock, name: str) -> None:
        self.clock = clock
        self.woken = threading.Event()
        self.seat: Seat = clock.join(name, self.woken.set)

    def until(self, due_ns: int) -> int:
        """Wait for a time; returns when it was woken."""
        self.woken.clear()
        self.seat.idle(due_ns)
        assert self.woken.wait(SOON_S)
        return self.clock.now_ns()


def test_it_jumps_to_a_time_that_is_waited_for() -> None:
    """One that waits is woken at exactly its time, without waiting for it."""
    with SharedClock() as clock:
        waiter, jumps = Waiter(clock, "one"), list[int]()
        clock.jumped.append(jumps.append)
        assert clock.now_ns() == 0
        assert waiter.until(3600 * 10**9) == 3600 * 10**9
        assert waiter.until(3600 * 10**9 + 1) == 3600 * 10**9 + 1
        assert jumps == [3600 * 10**9, 3600 * 10**9 + 1]


def test_the_earliest_is_woken_alone() -> None:
    """Of two the one with the earlier time is woken; the other still waits."""
    with SharedClock() as clock:
        early, late = Waiter(clock, "early"), Waiter(clock, "late")
        late.seat.idle(2000)
        assert early.until(1000) == 1000
        assert not late.woken.is_set()
        early.woken.clear()
        early.seat.idle(3000)
        assert late.woken.wait(SOON_S)
        assert clock.now_ns() == 2000
        assert not early.woken.is_set()


def test_it_stands_while_somebody_runs() -> None:
    """While one seat is busy nothing is woken, however long the other waits."""
    with SharedClock() as clock:
        busy, waiting = Waiter(clock, "busy"), Waiter(clock, "waiting")
        waiting.seat.idle(1000)
        assert not waiting.woken.wait(0.03)
        assert clock.now_ns() == 0
        busy.seat.leave()
        assert waiting.woken.wait(SOON_S)


def test_it_stands_while_work_goes_on_elsewhere() -> None:
    """A seat that holds keeps the time, also when it is idle itself."""
    with SharedClock() as clock:
        waiter = Waiter(clock, "one")
        waiter.seat.hold()
        waiter.seat.idle(1000)
        assert not waiter.woken.wait(0.03)
        waiter.seat.release()
        assert waiter.woken.wait(SOON_S)


def test_it_stands_while_a_request_is_in_flight() -> None:
    """A gate that counts something keeps the time; when it counts nothing the clock jumps."""
    with SharedClock() as clock:
        in_flight = [1]
        clock.gates.append(lambda: in_flight[0])
        waiter = Waiter(clock, "one")
        waiter.seat.idle(1000)
        assert not waiter.woken.wait(0.03)
        in_flight[0] = 0
        assert waiter.woken.wait(SOON_S)
        assert clock.now_ns() == 1000


def test_what_never_answers_is_told() -> None:
    """A request that has no answer for too long ends the waiting, and the error says who waits for what."""
    with SharedClock(patience_s=0.05) as clock:
        clock.gates.append(lambda: 2)
        waiter = Waiter(clock, "the client")
        waiter.seat.idle(5 * 10**9)
        assert waiter.woken.wait(SOON_S)
        assert clock.stuck is not None
        assert clock.stuck.code == "chaos.clock_stuck"
        assert "2 requests have no answer" in clock.stuck.message
        assert "the client until 5 s" in clock.stuck.message
        waiter.woken.clear()
        waiter.seat.idle(clock.now_ns() + 1)  # from here on time goes on by itself
        assert waiter.woken.wait(SOON_S)


def test_who_looks_all_the_time_and_never_waits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time does not go on while somebody runs; it goes by itself when that was long enough, so the loop ends."""
    monkeypatch.setattr(shared, "LOOKS_MAX", 1000)
    with SharedClock(patience_s=0.1) as clock:
        clock.join("the test", lambda: None)
        elapsed_ns = wall.stopwatch()
        while clock.now_ns() < 10**6 and elapsed_ns() < SOON_S * 1e9:
            pass
        assert clock.now_ns() >= 10**6
        assert clock.stuck is not None and clock.stuck.code == "chaos.clock_stuck"
        assert "times instead of waiting, and still does after 0.1 s; the test runs" in clock.stuck.message


def test_who_works_and_looks_now_and_then_is_left_alone() -> None:
    """Work takes no time, however long it takes."""
    with SharedClock(patience_s=0.02) as clock:
        clock.join("the test", lambda: None)
        elapsed_ns = wall.stopwatch()
        while elapsed_ns() < 2 * 10**8:
            assert clock.now_ns() == 0
            wall.pause_ns(10**6)
        assert clock.stuck is None


def test_who_is_busy_and_does_nothing_is_asleep() -> None:
    """The clock jumps all the same; not while a request is in flight, nor while something has come for who waits."""
    with SharedClock() as clock:
        in_flight, has_come = [1], [False]
        clock.gates.append(lambda: in_flight[0])
        clock.join("a thread in C", lambda: None)
        waiter = Waiter(clock, "one")
        waiter.seat.idle(1000, lambda: has_come[0])
        assert not waiter.woken.wait(2 * ASLEEP_S)
        in_flight[0], has_come[0] = 0, True
        assert not waiter.woken.wait(2 * ASLEEP_S)
        has_come[0] = False
        assert waiter.woken.wait(SOON_S)
        assert clock.now_ns() == 1000


def test_who_is_told_of_jumps_is_told_first() -> None:
    """`jumped` is called with the new time before anybody runs at it."""
    with SharedClock() as clock:
        seen: list[int] = []
        waiter = Waiter(clock, "one")
        clock.jumped.append(lambda now_ns: seen.append(now_ns) or None)
        waiter.until(7)
        assert seen == [7]
