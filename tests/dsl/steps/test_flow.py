"""The steps that say something, end the run, or move time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fozzy.core.events import Event
from fozzy.dsl.steps.flow import AT_MS_MAX
from fozzy.engine.prepare import Options

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

MS = 10**6


def test_trace_event_is_a_record(play: Play) -> None:
    """`trace_event` writes its name and fields at the time and place of the step."""
    played = play([{"type": "sleep", "duration": "3ms"}, {"type": "trace_event", "name": "e", "fields": {"a": [1]}}])
    events = [record for record in played.records if isinstance(record, Event)]
    assert events == [Event(3 * MS, "steps[1]", "e", {"a": [1]})]


@pytest.mark.parametrize(("kind", "finding"), [("fail", "assertion"), ("panic", "panic")])
def test_fail_and_panic_end_the_run(play: Play, kind: str, finding: str) -> None:
    """Both end the run as failed with their message; only the kind of the finding differs, and no step follows."""
    played = play([{"type": kind, "message": "why"}, {"type": "set_kv", "key": "after", "value": 1}])
    assert played.status == "fail"
    assert [(each.kind, each.title, each.message) for each in played.findings] == [(finding, kind, "why")]
    assert [record for record in played.records if getattr(record, "at", "") == "steps[1]"] == []


@pytest.mark.parametrize("unit_ns", [("ns", 1), ("us", 10**3), ("ms", MS), ("s", 10**9), ("m", 60 * 10**9)])
def test_sleep_and_advance_move_the_clock(play: Play, unit_ns: tuple[str, int]) -> None:
    """Sleep and advance move the scenario's clock by exactly their duration, in every unit."""
    unit, size_ns = unit_ns
    played = play([{"type": "sleep", "duration": f"7{unit}"}, {"type": "advance", "duration": f"5{unit}"}])
    assert played.ended.now_ns == 12 * size_ns


def test_sleep_waits_really_without_det(play: Play) -> None:
    """Without det a sleep is spent by waiting, and the clock moves by the same amount."""
    waited: list[int] = []
    played = play([{"type": "sleep", "duration": "9s"}], options=Options(det=False), wait=waited.append)
    assert (played.status, waited, played.ended.now_ns) == ("pass", [9 * 10**9], 9 * 10**9)


def test_sleep_does_not_wait_under_det(play: Play) -> None:
    """Under det nothing is waited for."""
    waited: list[int] = []
    play([{"type": "sleep", "duration": "9s"}], options=Options(det=True), wait=waited.append)
    assert waited == []


def test_advance_needs_det(play: Play) -> None:
    """Without det `advance` is the finding advance_requires_det and the clock stands."""
    played = play([{"type": "advance", "duration": "1ms"}], options=Options(det=False), wait=lambda _: None)
    assert (played.status, played.finding.title, played.ended.now_ns) == ("fail", "advance_requires_det", 0)


def test_a_frozen_clock_still_obeys_sleep_and_advance(play: Play) -> None:
    """While frozen, explicit sleep and advance move the clock."""
    steps = [{"type": "freeze"}, {"type": "sleep", "duration": "1ms"}, {"type": "advance", "duration": "2ms"}]
    assert play([*steps, {"type": "unfreeze"}]).ended.now_ns == 3 * MS


def test_freeze_moves_ahead_to_its_time(play: Play) -> None:
    """`at_ms` moves the clock to that time before it stops."""
    assert play([{"type": "sleep", "duration": "3ms"}, {"type": "freeze", "at_ms": 10}]).ended.now_ns == 10 * MS


def test_freeze_does_not_go_back(play: Play) -> None:
    """A time that has passed is the finding freeze_in_the_past, pointing at it."""
    played = play([{"type": "sleep", "duration": "3ms"}, {"type": "freeze", "at_ms": 2}])
    assert (played.finding.title, played.pointed_at) == ("freeze_in_the_past", "2")


@pytest.mark.parametrize(
    "step",
    [
        {"type": "sleep", "duration": "-5ms"},
        {"type": "sleep", "duration": "5"},
        {"type": "sleep", "duration": "1.5s"},
        {"type": "sleep", "duration": "5 ms"},
        {"type": "sleep", "duration": "5ms\n"},
        {"type": "sleep", "duration": "٣ms"},
        {"type": "sleep", "duration": ""},
        {"type": "sleep", "duration": 5},
        {"type": "advance", "duration": "1d"},
        {"type": "advance", "duration": "9999999999999999s"},
        {"type": "freeze", "at_ms": -1},
        {"type": "freeze", "at_ms": AT_MS_MAX + 1},
        {"type": "trace_event", "name": ""},
        {"type": "trace_event", "name": "e", "fields": []},
        {"type": "fail", "message": 1},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(problems: Problems, step: dict[str, Any]) -> None:
    """A bad duration, a time before the beginning, an event without a name: one located problem each."""
    found = problems({"version": 1, "name": "n", "steps": [step]})
    assert [problem.code for problem in found] == ["scenario.bad_value"]
    assert found[0].where is not None and found[0].where.line > 5
