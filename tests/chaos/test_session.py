"""A session: one record for each request, changes in order, what is due carried out."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.chaos.session import CHANGE, Session
from fozzy.core.events import Event
from fozzy.core.exchange import Asked, Exchange
from fozzy.faults.http import control
from fozzy.faults.http.decision import Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan

SEEN = Seen("GET", "/", [], b"", 0)
EXCHANGE = Exchange(1, "", 1, 0, "", 1, "internal", Asked("GET", "/"))


def session_of(plan: dict[str, Any], times: list[int] | None = None) -> tuple[Session, list[Any]]:
    """A session whose clock says these times, and what it tells."""
    clock = iter(times or [0] * 100)
    session = Session(Engine(msgspec.convert(plan, Plan), 1, has_upstream=True), lambda: next(clock))
    told: list[Any] = []
    session.listeners.append(told.append)
    return session, told


def test_a_request_is_in_flight_until_it_is_done() -> None:
    """The load goes up and down, the most of it is kept, and each end is told."""
    session, told = session_of({})
    session.decide(SEEN)
    session.decide(SEEN)
    assert (session.load, session.load_max) == (2, 2)
    session.done(EXCHANGE)
    assert (session.load, session.load_max, told) == (1, 2, [EXCHANGE])


def test_what_was_never_decided_is_told_and_not_counted() -> None:
    """A refused request was never in flight."""
    session, told = session_of({})
    session.refused(EXCHANGE)
    assert session.load == 0 and told == [EXCHANGE]


def test_a_change_is_told_with_its_number() -> None:
    """Decisions and changes share one counter, and a change says what is in force from then on."""
    session, told = session_of({"faults": {"drop": 1}})
    assert session.decide(SEEN).number == 1
    session.change(control.disable(session.engine.state), "disabled", who="me")
    assert isinstance(told[0], Event) and told[0].name == CHANGE
    fields = told[0].fields
    assert (fields["number"], fields["what"], fields["who"], fields["state"]["enabled"]) == (2, "disabled", "me", False)
    assert session.decide(SEEN).planned == ""


def test_what_is_due_comes_before_the_next_decision() -> None:
    """A scenario of the schedule is in force for the request that comes at its time."""
    plan = {"scenarios": {"s": {"faults": {"drop": 1}}}, "schedule": [{"start": "s", "at": "1us"}]}
    session, told = session_of(plan, [500, 1000, 1000, 1000])
    assert session.decide(SEEN).planned == ""
    assert session.decide(SEEN).planned == "drop"
    assert [each.fields["what"] for each in told] and session.engine.state.active[0].name == "s"
