"""Scenarios start and end at their own times, each once."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.http import control
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.timetable import NEVER_NS
from tests.faults.http.asking import MS, S, ask, engine


def tick(asked: Engine, now_ns: int) -> list[str]:
    """Carry out what is due, as a session does."""
    if now_ns < asked.due_ns:
        return []
    told = []
    for state, what in asked.due(now_ns):
        asked.change(state, now_ns)
        told.append(what)
    return told


def active(asked: Engine) -> list[str]:
    """The names of what is active."""
    return [each.name for each in asked.state.active]


def scheduled(*entries: dict[str, Any], **scenarios: Any) -> Engine:
    """An engine with a schedule."""
    return engine(schedule=list(entries), scenarios=scenarios)


def test_nothing_is_due() -> None:
    """Without a schedule and without durations nothing is ever due."""
    assert engine().due_ns == NEVER_NS and engine().due(10**18) == []


def test_at_a_time_and_for_a_time() -> None:
    """A scenario starts at its time and ends after its duration; what is due is told once."""
    asked = scheduled({"start": "rush", "at": "10s"}, rush={"faults": {"drop": 1}, "for": "30s"})
    assert asked.due_ns == 10 * S and tick(asked, 10 * S - 1) == []
    assert tick(asked, 10 * S) == ["the schedule starts rush"] and ask(asked).planned == "drop"
    assert asked.due_ns == 40 * S and tick(asked, 40 * S - 1) == []
    assert tick(asked, 40 * S) == ["the time of rush is over"] and ask(asked).planned == ""
    assert asked.due_ns == NEVER_NS and tick(asked, 10**15) == []


def test_what_is_noticed_late_has_its_own_times() -> None:
    """A start and an end that nobody asked about meanwhile are both told, with the times they had."""
    asked = scheduled({"start": "rush", "at": "10s"}, rush={"faults": {"drop": 1}, "for": "30s"})
    states = asked.due(100 * S)
    assert [state.active[0].since_ns if state.active else None for state, _ in states] == [10 * S, None]
    late = scheduled({"start": "rush", "at": "10s"}, rush={"faults": {"drop": 1}, "for": "30s"})
    tick(late, 20 * S)
    assert late.state.active[0].until_ns == 40 * S


def test_after_requests() -> None:
    """After three requests the fourth is in the scenario."""
    asked = scheduled({"start": "rush", "after_requests": 3}, rush={"faults": {"drop": 1}})
    planned = []
    for now in range(5):
        tick(asked, now)
        planned.append(ask(asked, now_ns=now).planned)
    assert planned == ["", "", "", "drop", "drop"] and asked.due_ns == NEVER_NS


def test_every_so_often() -> None:
    """A periodic start comes each time; of those that were missed the last alone."""
    asked = scheduled({"start": "rush", "every": "10s"}, rush={"for": "1s"})
    seen = [(now, tick(asked, now * S)) for now in (9, 10, 11, 20, 21, 55, 56, 60)]
    starts = [now for now, told in seen if "the schedule starts rush" in told]
    assert starts == [10, 20, 55, 60]
    assert asked.state.active[0].since_ns == 60 * S
    assert scheduled({"start": "cable", "every": "10s", "at": "3s"}).due_ns == 3 * S


def test_a_tiny_period_and_a_long_pause() -> None:
    """A period of a millisecond is carried out once after a day."""
    asked = scheduled({"start": "cable", "every": "1ms"})
    assert tick(asked, 86_400 * S) == ["the schedule starts cable"]
    assert asked.due_ns == 86_400 * S + MS


def test_stacked_starts() -> None:
    """Entries with `stack` are laid over what is active, one that is active already begins anew."""
    asked = scheduled(
        {"start": "cable", "at": "1s"},
        {"start": "slow_backend", "at": "2s", "stack": True},
        {"start": "cable", "at": "3s", "stack": True},
        {"start": "dialup", "at": "4s"},
    )
    seen = []
    for now in (1, 2, 3, 4):
        tick(asked, now * S)
        seen.append(active(asked))
    assert seen == [["cable"], ["cable", "slow_backend"], ["slow_backend", "cable"], ["dialup"]]


def test_started_by_hand_for_a_time() -> None:
    """A duration that a start says is kept as well."""
    asked = engine(enabled=False)
    asked.change(control.start(asked.state, "cable", 5 * S, for_="2s"), 5 * S)
    assert asked.due_ns == 7 * S
    tick(asked, 8 * S)
    assert active(asked) == [] and not asked.state.enabled


def test_a_reset_begins_the_schedule_anew() -> None:
    """Times and numbers of requests count from the reset."""
    asked = scheduled({"start": "cable", "at": "1s"}, {"start": "dialup", "after_requests": 2})
    begun = asked.state
    ask(asked), ask(asked)
    assert asked.due_ns == 0
    tick(asked, 5 * S)
    asked.change(control.reset(begun, 10 * S), 10 * S)
    assert active(asked) == [] and asked.due_ns == 11 * S
    ask(asked), ask(asked)
    assert asked.due_ns == 0 and tick(asked, 10 * S) == ["the schedule starts dialup"]


def test_another_change_does_not_start_anything_again() -> None:
    """What had its turn has it once, whatever is changed in between."""
    asked = scheduled({"start": "cable", "at": "1s"})
    tick(asked, S)
    asked.change(control.stop(asked.state), 2 * S)
    asked.change(control.patch(asked.state, {"faults": {"drop": 1}}, 2 * S), 2 * S)
    assert tick(asked, 100 * S) == [] and asked.due_ns == NEVER_NS


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(1, 20), st.integers(1, 20))
def test_looking_often_or_seldom(pauses: list[int], at: int, lasts: int) -> None:
    """Whenever one looks, what is active is what the times say."""
    asked = scheduled({"start": "rush", "at": f"{at}ms"}, rush={"for": f"{lasts}ms"})
    now = 0
    for pause in pauses:
        now += pause
        tick(asked, now * MS)
        assert bool(asked.state.active) is (at <= now < at + lasts)
