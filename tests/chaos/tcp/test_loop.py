"""The loop lets everybody have their turn, keeps what goes wrong, and waits where waiting pays."""

from __future__ import annotations

import trio
import trio.testing

from fozzy.chaos.tcp.loop import BUGS_MAX, COLD_MAX, HOT_NS, Heat, Loop
from fozzy.chaos.tcp.session import TcpSession
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.plan import TcpPlan


def loop() -> Loop:
    """One without proxies."""
    session = TcpSession(Engine(TcpPlan(), 7))
    session.begin()
    return Loop(session)


def test_what_was_noted_is_called_once() -> None:
    """However often it was said; what is noted by it comes after it."""
    called: list[str] = []

    async def main() -> None:
        ours = loop()

        def first() -> None:
            called.append("first")
            ours.again(second)

        def second() -> None:
            called.append("second")

        async with trio.open_nursery() as nursery:
            await nursery.start(ours.run)
            for _ in range(3):
                ours.again(first)
            await trio.testing.wait_all_tasks_blocked()
            assert called == ["first", "second"]
            nursery.cancel_scope.cancel()
        assert ours.is_over

    trio.run(main)


def test_a_task_that_was_begun_ends_with_the_loop() -> None:
    """It is cancelled, and has closed what it holds."""
    ended: list[bool] = []

    async def task() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append(True)

    async def main() -> None:
        ours = loop()
        async with trio.open_nursery() as nursery:
            await nursery.start(ours.run)
            ours.spawn(task)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()

    trio.run(main)
    assert ended == [True]


def test_bugs_are_kept_up_to_a_bound() -> None:
    """The first of them."""

    async def main() -> None:
        ours = loop()
        for number in range(BUGS_MAX + 10):
            ours.bug(ValueError(number))
        assert [error.args for error in ours.bugs] == [(number,) for number in range(BUGS_MAX)]

    trio.run(main)


def test_it_waits_while_things_come_one_after_the_other() -> None:
    """Something that came soon makes it wait; something that did not come makes it try ever more rarely."""
    heat = Heat()
    heat.rested(HOT_NS)
    assert not heat.is_hot
    heat.rested(HOT_NS - 1)
    assert heat.is_hot
    heat.waited(has_come=True)
    assert heat.is_hot
    tried = 0
    for _ in range(3 * COLD_MAX):
        heat.rested(0)
        if heat.is_hot:
            tried += 1
            heat.waited(has_come=False)
            assert not heat.is_hot
    assert 2 < tried < 10
    while not heat.is_hot:
        heat.rested(0)
    heat.waited(has_come=True)
    assert heat.is_hot
