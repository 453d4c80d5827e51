"""A session's changes: one after the other, all of it or nothing, each a record; and its clock is trio's."""

from __future__ import annotations

from functools import partial

import pytest
import trio
import trio.testing

from fozzy.chaos.tcp.session import TcpSession
from fozzy.core.events import Event, Record
from fozzy.errors import FozzyError, UsageError
from fozzy.faults.tcp import control
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.plan import TcpPlan
from tests.chaos.tcp.api.asking import TAKEN, FakeDoors, named


def begun() -> tuple[TcpSession, FakeDoors, list[Record]]:
    """A session without proxies, doors that wait, and what was told."""
    session, doors, told = TcpSession(Engine(TcpPlan(), 7)), FakeDoors(), list[Record]()
    session.doors = doors
    doors.waits = 3
    session.listeners.append(told.append)
    return session, doors, told


def test_changes_that_come_at_once_are_made_one_after_the_other() -> None:
    """Each is made of what the one before left; each is told with its number and the plan that came of it."""
    session, doors, told = begun()

    async def change() -> None:
        session.begin()
        async with trio.open_nursery() as nursery:
            for name in "abc":
                make = partial(control.add_proxy, document=named(name))
                nursery.start_soon(partial(session.alter, make, "proxy added", proxy=name))

    trio.run(change)
    assert sorted(proxy.name for proxy in session.engine.plan.proxies) == ["a", "b", "c"]
    events = [record for record in told if isinstance(record, Event)]
    assert [event.fields["number"] for event in events] == [1, 2, 3]
    assert [len(event.fields["plan"]["proxies"]) for event in events] == [1, 2, 3]
    assert sorted(event.fields["proxy"] for event in events) == ["a", "b", "c"]
    assert doors.followed == 3


def test_nothing_is_done_where_nothing_changes() -> None:
    """The plan in force comes back, nobody is told, and no door moves."""
    session, doors, told = begun()
    assert trio.run(session.alter, control.reset, "reset") is session.engine.plan
    assert (told, doors.followed) == ([], 0)


@pytest.mark.parametrize(
    ("document", "kind"),
    [(named("a", listen=f"127.0.0.1:{TAKEN}"), UsageError), ({"name": "a"}, FozzyError)],
)
def test_a_change_that_fails_changes_nothing_and_holds_up_nobody(
    document: dict[str, str], kind: type[FozzyError]
) -> None:
    """A port that is taken, or a plan that cannot be, leaves everything as it was; the next change is made."""
    session, doors, told = begun()
    before = session.engine.plan
    with pytest.raises(kind):
        trio.run(session.alter, partial(control.add_proxy, document=document), "proxy added")
    assert session.engine.plan is before
    assert (told, doors.followed, session.engine.number) == ([], 0, 0)
    trio.run(session.alter, partial(control.add_proxy, document=named("b")), "proxy added")
    assert [proxy.name for proxy in session.engine.plan.proxies] == ["b"]


def test_the_clock_is_trios() -> None:
    """Times count from `begin`, on whatever clock trio has, and go back to trio's."""
    session, _, _ = begun()

    async def look() -> None:
        await trio.sleep(5)
        session.begin()
        await trio.sleep(86_400)
        assert session.now_ns() == 86_400 * 10**9
        assert session.at_s(session.now_ns()) == pytest.approx(trio.current_time())

    trio.run(look, clock=trio.testing.MockClock(autojump_threshold=0))
