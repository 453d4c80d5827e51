"""Faults in scenarios: every kind applied, bypassed with its reason, never rolled; replayed, drawn, validated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fozzy
from fozzy.core.events import Draw, Event
from fozzy.core.sources import Seeded
from fozzy.engine.prepare import Options
from fozzy.faults.rule import MATCHABLE

WHEN = {"type": "http_when", "method": "GET", "path": "/x", "status": 200, "json": {"ok": True}}
GET: dict[str, Any] = {"type": "http_request", "method": "GET", "path": "/x"}
LS_WHEN = {"type": "proc_when", "cmd": "ls", "exit_code": 0, "stdout": "abc"}
LS: dict[str, Any] = {"type": "proc_spawn", "cmd": "ls"}
WRITE = {"type": "fs_write", "path": "a", "data": "hello world"}
READ: dict[str, Any] = {"type": "fs_read_assert", "path": "a", "equals": "hello world"}
SEND = {"type": "net_send", "from": "a", "to": "b", "payload": "m"}
DELIVER: dict[str, Any] = {"type": "net_deliver_one"}
RECEIVE = {"type": "net_recv_assert", "node": "b", "payload": "m"}


def fault(on: str, kind: str, **more: Any) -> dict[str, Any]:
    """A step that arms a fault."""
    return {"type": "fault", "on": on, "kind": kind, **more}


def said(played: Any) -> list[dict[str, Any]]:
    """What the engine said of the faults."""
    return [record.fields for record in played.records if isinstance(record, Event) and record.name == "fault"]


APPLIED = [
    ([WHEN, fault("http", "status", codes=[503]), GET | {"expect_status": 503}], ""),
    ([WHEN, fault("http", "drop"), GET | {"expect_status": 500}], ""),
    ([WHEN, fault("http", "rate_limit", retry_after="3s"), GET | {"expect_headers": {"retry-after": "3"}}], ""),
    ([WHEN, fault("http", "latency", delay="2s"), GET, {"type": "assert", "that": "${now_ms}", "equals": 2000}], ""),
    ([WHEN, fault("http", "timeout", hold="5s"), GET], "http_timeout"),
    ([WHEN, fault("http", "disconnect"), GET], "http_reset"),
    ([WHEN, fault("http", "malformed"), GET | {"expect_json": {"ok": True}}], "http_request"),
    ([WHEN, fault("http", "partial", bytes=3), GET], "http_"),
    ([LS_WHEN, fault("proc", "spawn_error"), LS], "proc_not_found"),
    ([LS_WHEN, fault("proc", "exit", code=3), LS | {"expect_exit": 3}], ""),
    ([LS_WHEN, fault("proc", "signal", signal=9), LS], "proc_signal"),
    ([LS_WHEN, fault("proc", "slow", delay="1s"), LS, {"type": "assert", "that": "${now_ms}", "equals": 1000}], ""),
    ([LS_WHEN, fault("proc", "truncate_stdout", bytes=1), LS | {"expect_stdout": "a"}], ""),
    ([fault("fs", "enospc"), WRITE], "fs_io"),
    ([WRITE, fault("fs", "eio"), READ], "fs_io"),
    ([fault("fs", "torn_write"), WRITE, READ], "fs_read_assert"),
    ([WRITE, fault("fs", "corrupt_read"), READ], "fs_read_assert"),
    ([fault("net", "drop"), SEND, DELIVER, RECEIVE], "net_recv_assert"),
    ([fault("net", "delay", delay="1s"), SEND, DELIVER], "net_nothing_deliverable"),
    ([fault("net", "duplicate"), SEND, DELIVER, DELIVER, RECEIVE, RECEIVE], ""),
    ([fault("net", "reorder"), SEND, DELIVER, RECEIVE], ""),
]


@pytest.mark.parametrize(("steps", "title"), APPLIED, ids=lambda value: value if isinstance(value, str) else None)
def test_a_fault_is_applied(play: Callable[..., Any], steps: list[Any], title: str) -> None:
    """Each kind does what it is called, and the trace says that it was applied."""
    played = play(steps)
    assert [finding.title.startswith(title) for finding in played.findings] == ([True] if title else [])
    assert [fields["applied"] for fields in said(played)] == [True]


def test_a_held_message_comes_later(play: Callable[..., Any]) -> None:
    """A delayed message is deliverable once its time has come."""
    steps = [fault("net", "delay", delay="1s"), SEND, {"type": "sleep", "duration": "1s"}, DELIVER, RECEIVE]
    assert play(steps).status == "pass"


def test_a_fault_that_cannot_be_applied_is_bypassed(play: Callable[..., Any]) -> None:
    """When the world failed by itself, the fault is planned but not applied, with its reason."""
    steps = [WHEN | {"delay": "9s"}, fault("http", "malformed"), GET | {"timeout": "1s"}]
    played = play(steps)
    assert played.finding.title == "http_timeout"
    assert [(fields["applied"], fields["reason"]) for fields in said(played)] == [(False, "upstream_failed")]


def test_a_fault_that_was_never_rolled_fails_a_strict_run(play: Callable[..., Any]) -> None:
    """A target that never matched, or an ordinal that never came, fails; without strict it is told and passes."""
    never = [WHEN, fault("http", "drop", match={"path": "/y"}), GET]
    late = [WHEN, fault("http", "drop", after=5), GET]
    for steps in (never, late):
        strict, unsafe = play(steps), play(steps, options=Options(det=True, strict=False))
        assert (strict.status, strict.finding.title) == ("fail", "fault_never_rolled")
        assert (unsafe.status, unsafe.finding.title) == ("pass", "fault_never_rolled")
        assert strict.finding.location.path == "steps[1]"


def test_a_rate_that_only_missed_is_a_warning(play: Callable[..., Any]) -> None:
    """A fault that was rolled and missed every time is told, and the run passes."""
    played = play([WHEN, fault("http", "drop", probability=0), GET])
    assert (played.status, played.finding.title) == ("pass", "fault_never_hit")


def test_a_cleared_fault_strikes_no_more(play: Callable[..., Any]) -> None:
    """`fault_clear` disarms one fault by its name, or all; an unknown name is a finding."""
    clear = {"type": "fault_clear", "name": "d"}
    named = fault("http", "drop", name="d")
    steps = [WHEN, named, GET | {"expect_status": 500}, clear, GET | {"expect_status": 200}]
    assert play(steps).status == "pass"
    assert play([WHEN, named, GET, {"type": "fault_clear"}, GET | {"expect_status": 200}]).status == "pass"
    assert play([clear]).finding.title == "fault_not_armed"


def test_a_fault_inside_assert_throws_is_gone_after_it(play: Callable[..., Any]) -> None:
    """What a block armed is disarmed with the block's other marks."""
    block = {"type": "assert_throws", "steps": [fault("http", "disconnect"), GET]}
    assert play([WHEN, block, GET | {"expect_status": 200}]).status == "pass"


def test_the_same_seed_the_same_faults(play: Callable[..., Any]) -> None:
    """Faults follow from the seed; a fault at probability 0 changes no other record."""
    flaky = fault("http", "drop", name="flaky", probability=0.4)
    rest = [GET] * 12 + [{"type": "rand_u64", "key": "r"}]
    alone, again = (play([WHEN, flaky, *rest], seed=5) for _ in range(2))
    assert alone.records == again.records
    more = play([WHEN, fault("http", "latency", name="never", delay="1s", probability=0), flaky, *rest], seed=5)
    assert more.draws("fault.flaky") == alone.draws("fault.flaky")
    assert more.draws("rand.r") == alone.draws("rand.r")
    assert 0 < len(said(alone)) < 12


def test_a_tape_of_zeros_has_no_fault(play: Callable[..., Any]) -> None:
    """A zeroed tape is calm."""

    class Zeros(Seeded):
        def draw(self, label: str, low: int, high: int) -> int:
            return low

    played = play([WHEN, fault("http", "drop", probability=0.9), GET | {"expect_status": 200}], source=Zeros(1))
    assert said(played) == []
    assert any(isinstance(record, Draw) for record in played.records)


@pytest.mark.parametrize("steps", [steps for steps, _ in APPLIED])
def test_a_fault_replays(tmp_path: Path, steps: list[Any]) -> None:
    """A run with a fault, also one that draws, replays SAME."""
    trace = tmp_path / "t.fozzy"
    fozzy.run({"version": 1, "name": "n", "steps": steps}, seed=3, record=trace)
    assert fozzy.replay(trace).verdict == "SAME"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (fault("http", "dorp"), '"dorp" is no fault of http'),
        (fault("fs", "drop"), '"drop" is no fault of fs'),
        (fault("http", "latency"), 'a fault of kind "latency" needs "delay"'),
        (fault("http", "drop", delay="1s"), 'a fault of kind "drop" has no "delay"'),
        (fault("http", "status", codes=[]), '"codes" must not be empty'),
        (fault("http", "status", codes=[42]), "must be a whole number from 100 to 599, got number 42"),
        (fault("http", "latency", delay="2s", delay_max="1s"), '"delay_max" must not be shorter than "delay"'),
        (fault("http", "drop", probability=1.5), '"probability" must be a number from 0 to 1, got number 1.5'),
        (fault("http", "drop", first=0), '"first" must be a whole number of at least 1, got number 0'),
        (fault("ftp", "drop"), '"on" must be one of'),
    ],
)
def test_a_bad_fault_is_told(problems: Callable[..., Any], step: dict[str, Any], message: str) -> None:
    """Nothing is clamped and nothing guessed: a fault that cannot be is a located problem."""
    found = problems({"version": 1, "name": "n", "steps": [WHEN, step, GET]})
    assert any(message in problem.message for problem in found), found
    assert all(problem.where and problem.where.line >= 1 for problem in found)


@pytest.mark.parametrize(
    ("step", "message", "pointed_at", "hint"),
    [
        (fault("proc", "signal", signal=999), "must be a whole number from 1 to 64, got number 999", "999", ""),
        (fault("proc", "exit", code=-5), '"code" must be a whole number from 0 to', "-5", ""),
        (fault("http", "partial", bytes=-1), '"bytes" must be a whole number of at least 0', "-1", ""),
        (
            fault("http", "malformed", how="truncat"),
            '"how" must be one of "invalid-json", "truncate", "bit-flip", "random-bytes", got text "truncat"',
            '"truncat"',
            'did you mean "truncate"?',
        ),
        (fault("proc", "spawn_error", error="deny"), '"error" must be one of', '"deny"', 'did you mean "denied"?'),
        (fault("htp", "drop"), '"on" must be one of', '"htp"', 'did you mean "http"?'),
        (fault("http", "drop", delay="1s"), 'has no "delay"', '"delay"', "it takes no settings"),
        (
            fault("http", "drop", match={"pth": "/zzz"}),
            '"match" of a fault of http has no "pth"',
            '"pth"',
            'did you mean "path"?',
        ),
        (fault("http", "drop", match={"zzz": 1}), 'has no "zzz"', '"zzz"', "it has method, path, url, headers.NAME"),
        (
            fault("http", "drop", match={"headers.": "x"}),
            'has no "headers."',
            '"headers."',
            'did you mean "headers.NAME"?',
        ),
        (fault("proc", "exit", match={"path": "x"}), "of a fault of proc", '"path"', "it has cmd, args"),
        (fault("http", "drop", match={"path": 5}), '"path" must be text, got number 5', "5", ""),
        (fault("http", "drop", match={"path": "a"}), '"path" must be a path, got text "a"', '"a"', 'write "/a"'),
        (fault("http", "drop", match={"method": "post"}), '"method" must be', '"post"', 'did you mean "POST"?'),
        (fault("proc", "exit", match={"args": "-l"}), '"args" must be a list of texts, got text "-l"', '"-l"', "all"),
        (
            fault("fs", "eio", match={"op": "wrte"}),
            '"op" must be one of "read", "write", got text "wrte"',
            '"wrte"',
            'did you mean "write"?',
        ),
        (fault("fs", "enospc", match={"op": "read"}), '"op" must be "write", got text "read"', '"read"', ""),
    ],
)
def test_a_bad_setting_is_pointed_at(
    problems: Callable[..., Any], step: dict[str, Any], message: str, pointed_at: str, hint: str
) -> None:
    """What a fault cannot be set to, and what it cannot match, is told at the word itself, in our own words."""
    (problem,) = problems({"version": 1, "name": "n", "steps": [WHEN, step, GET]})
    assert message in problem.message and "$" not in problem.message
    at = problem.where.col - 1
    assert problem.text[at : at + problem.length] == pointed_at
    assert problem.hint.startswith(hint) and bool(problem.hint) == bool(hint)


MATCHED: list[tuple[list[Any], dict[str, Any]]] = [
    ([WHEN, GET | {"headers": {"X-Who": "me"}}], {"method": "G*", "path": "/x", "url": "/x", "headers.X-WHO": "me"}),
    ([LS_WHEN, LS | {"args": ["-l"]}], {"cmd": "ls", "args": ["-l"]}),
    ([WRITE], {"op": "wr*", "path": "[a-b]"}),
    ([SEND, DELIVER], {"op": "send", "from": "a", "to": "b", "payload": "?"}),
]


@pytest.mark.parametrize(("steps", "match"), MATCHED, ids=["http", "proc", "fs", "net"])
def test_what_can_be_matched_is_what_events_have(
    play: Callable[..., Any], steps: list[Any], match: dict[str, Any]
) -> None:
    """Every property that validation knows is one that events of the target have; the case of headers is theirs."""
    on, kind = {"G*": ("http", "drop"), "wr*": ("fs", "eio"), "send": ("net", "duplicate")}.get(
        match.get("method") or match.get("op", ""), ("proc", "exit")
    )
    assert {name.replace("X-WHO", "NAME") for name in match} == set(MATCHABLE[on])
    assert [fields["applied"] for fields in said(play([fault(on, kind, match=match), *steps]))] == [True]


def test_a_match_may_refer_to_the_run(play: Callable[..., Any]) -> None:
    """What a reference gives is matched as what is written."""
    steps = [WHEN, fault("http", "drop", match={"path": "${p}"}), GET | {"expect_status": 500}]
    assert play(steps, vars={"p": "/x"}).status == "pass"


def test_a_scenario_of_faults_alone_executes_nothing(problems: Callable[..., Any]) -> None:
    """Arming is declaring: a scenario that only arms faults is invalid."""
    (problem,) = problems({"version": 1, "name": "n", "steps": [fault("http", "drop")]})
    assert problem.code == "scenario.only_declares"


def test_a_drawn_delay_is_bounded(problems: Callable[..., Any]) -> None:
    """A draw has at most 2^53 values, so a delay is drawn from less than 105 days."""
    found = problems(
        {"version": 1, "name": "n", "steps": [fault("http", "latency", delay="0s", delay_max="9999h"), WHEN, GET]}
    )
    assert [each.message for each in found] == ['"delay_max" must be less than 2^53 ns above "delay"']
