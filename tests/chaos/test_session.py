"""A session: one decision and one record per request, changes that are records too, and a schedule that is kept."""

from __future__ import annotations

import pytest

from fozzy.chaos.session import CHANGE, Session
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.errors import InputError
from fozzy.faults.http import control
from tests.chaos.exchanges import exchange
from tests.faults.http.asking import S, engine, seen


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def heard(session: Session) -> list[Record]:
    """What a listener of the session hears, in order."""
    records: list[Record] = []
    session.listeners.append(records.append)
    return records


def test_a_request_is_in_flight_until_it_is_done() -> None:
    """Each decision knows how many were in flight; the most there were is kept."""
    session = Session(engine(limits={"concurrency": 2}), Clock())
    records = heard(session)
    first, second, third = (session.decide(seen(f"/{n}")) for n in range(3))
    assert [each.planned for each in (first, second, third)] == ["", "", "limit.concurrency"]
    for _ in range(3):
        session.done(exchange())
    assert (session.load, session.load_max, len(records)) == (0, 3, 3)
    assert session.decide(seen("/3")).planned == ""


def test_a_change_is_a_record_and_counts_among_decisions() -> None:
    """It has the next number, its time, and the whole state."""
    clock = Clock()
    session = Session(engine(faults={"drop": 1}), clock)
    records = heard(session)
    assert session.decide(seen()).planned == "drop"
    clock.now = 5
    session.change(control.disable(session.engine.state), "disabled", by="test")
    assert session.decide(seen()).planned == ""
    event = records[0]
    assert isinstance(event, Event) and event.name == CHANGE and event.t == 5
    assert (event.fields["number"], event.fields["what"], event.fields["by"]) == (2, "disabled", "test")
    assert event.fields["state"]["enabled"] is False


def test_a_change_that_is_refused_changes_nothing() -> None:
    """No record, and the same decisions as before."""
    session = Session(engine(faults={"drop": 1}), Clock())
    records = heard(session)
    plan = control.patch(session.engine.state, {"upstream": "gopher://x"}, 0)
    with pytest.raises(InputError):
        session.change(plan, "patched")
    assert not records and session.decide(seen()).planned == "drop"


def test_the_schedule_is_carried_out_before_the_decision_it_is_due_for() -> None:
    """A scenario starts at its time and ends after its duration; both are records."""
    clock = Clock()
    plan = {"scenarios": {"s": {"faults": {"drop": 1}, "for": "2s"}}, "schedule": [{"start": "s", "at": "1s"}]}
    session = Session(engine(**plan), clock)
    records = heard(session)
    told = []
    for clock.now in (0, S, 2 * S, 3 * S):
        told.append(session.decide(seen()).planned)
    assert told == ["", "drop", "drop", ""]
    assert len(records) == 2 and all(isinstance(each, Event) for each in records)


def test_what_cannot_be_recorded_any_more_says_so() -> None:
    """Every exchange from then on tells why; one that has a reason of its own keeps it."""
    session = Session(engine(), Clock())
    records = heard(session)
    session.not_recorded = "the disk is full"
    for each in (exchange(), exchange(not_recorded="too long")):
        session.decide(seen())
        session.done(each)
    assert [each.not_recorded for each in records if isinstance(each, Exchange)] == ["the disk is full", "too long"]


def test_what_was_never_decided_is_heard_and_was_not_in_flight() -> None:
    """A request that was none is a record and changes no count."""
    session = Session(engine(), Clock())
    records = heard(session)
    session.refused(exchange(0, 400))
    assert session.load == 0 and len(records) == 1
