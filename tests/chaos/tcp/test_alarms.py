"""Alarms ring at their time, in order, and leave nothing behind."""

from __future__ import annotations

import trio
import trio.testing

from fozzy.chaos.tcp.alarms import STALE_MIN, Alarm, Alarms
from fozzy.faults.tcp.message import NEVER_NS


class Time:
    """A clock that a test moves, or trio's."""

    now = 0

    def now_ns(self) -> int:
        """Now."""
        return self.now

    def at_s(self, due_ns: int) -> float:
        """As trio's."""
        return due_ns / 1e9


class Trio(Time):
    """trio's own."""

    def now_ns(self) -> int:
        return round(trio.current_time() * 1e9)


def alarm(alarms: Alarms, rung: list[str], name: str) -> Alarm:
    """One that says its name."""
    return alarms.alarm(lambda _: rung.append(name))


def test_alarms_ring_in_the_order_of_their_times() -> None:
    """What is due rings once, earliest first; of one time the one that was set first."""
    alarms, rung = Alarms(Time()), list[str]()
    first, second, third = (alarm(alarms, rung, name) for name in ("first", "second", "third"))
    second.set(20)
    third.set(20)
    first.set(10)
    alarms.ring_until(9)
    assert not rung and alarms.pending == 3
    alarms.ring_until(20)
    assert rung == ["first", "second", "third"] and alarms.pending == 0
    alarms.ring_until(100)
    assert len(rung) == 3


def test_the_last_time_counts() -> None:
    """An alarm that is set again forgets the time before, also for never."""
    alarms, rung = Alarms(Time()), list[str]()
    moved, stopped = alarm(alarms, rung, "moved"), alarm(alarms, rung, "stopped")
    moved.set(10)
    moved.set(30)
    stopped.set(10)
    stopped.set(NEVER_NS)
    alarms.ring_until(29)
    assert not rung and alarms.pending == 1
    alarms.ring_until(30)
    assert rung == ["moved"]


def test_one_that_was_set_there_and_back_rings_once() -> None:
    """Set to another time and back to the first one, it does not ring twice."""
    alarms, rung = Alarms(Time()), list[str]()
    one = alarm(alarms, rung, "one")
    for due_ns in (10, 20, 10, 20, 10):
        one.set(due_ns)
    alarms.ring_until(50)
    assert rung == ["one"] and alarms.pending == 0


def test_times_that_nobody_waits_for_are_thrown_out() -> None:
    """A hundred thousand connections that set far times and end leave no list behind."""
    alarms, rung = Alarms(Time()), list[str]()
    last = alarm(alarms, rung, "last")
    last.set(10**18)
    for number in range(100_000):
        one = alarm(alarms, rung, "gone")
        one.set(10**17 + number)
        one.set(NEVER_NS)
    assert len(alarms._heap) <= STALE_MIN + 4
    alarms.ring_until(10**18)
    assert rung == ["last"]


def test_it_sleeps_until_the_first_alarm() -> None:
    """The task wakes at each time, also at one that is set earlier while it sleeps, and never before."""
    heard: list[tuple[str, int]] = []

    async def main() -> None:
        alarms = Alarms(Trio())

        def one(name: str) -> Alarm:
            return alarms.alarm(lambda now_ns: heard.append((name, now_ns)))

        start = round(trio.current_time() * 1e9)
        later, sooner, never = one("later"), one("sooner"), one("never")
        later.set(start + 50 * 10**9)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(alarms.run)
            await trio.sleep(1)
            sooner.set(start + 7 * 10**9)
            never.set(start + 8 * 10**9)
            await trio.sleep(6.5)
            never.set(NEVER_NS)
            await trio.sleep(60)
            nursery.cancel_scope.cancel()
        assert heard == [("sooner", start + 7 * 10**9), ("later", start + 50 * 10**9)]

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_what_is_soon_is_known() -> None:
    """Whether one may ring within a span."""
    alarms = Alarms(Time())
    one = alarms.alarm(lambda _: None)
    assert not alarms.is_due_within(1)
    one.set(10**9)
    assert alarms.is_due_within(1) and not alarms.is_due_within(0.9)
