"""Every kind of fault: what it does, and that it is drawn."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.faults.actions import Action, Change, Refuse, Reply, Send, Wait
from fozzy.faults.kinds import KINDS, HttpReply, Kind, ProcessEnd, kind_of

TRUE = HttpReply(200, [("content-type", "application/json"), ("content-length", "9")], b'{"ok": 1}')
END = ProcessEnd(0, None, b"hello\n")


def act(target: str, name: str, dice: int = 0, **settings: Any) -> Action:
    """What a kind does when every die shows `dice`, or the most it can."""
    kind = kind_of(target, name)
    assert kind is not None
    return kind(**settings).act(lambda _purpose, count: min(dice, count - 1))


def changed(action: Action, value: Any) -> Any:
    """What an action makes of a value."""
    assert isinstance(action, Change | Send)
    return action.change(value)


@pytest.mark.parametrize("target", KINDS)
def test_kinds_have_names_and_sentences(target: str) -> None:
    """Every kind has a name that is its own on its target, and a docstring."""
    names = [kind.__struct_config__.tag for kind in KINDS[target]]
    assert len(set(names)) == len(names)
    assert all(kind.__doc__ and kind.act is not Kind.act for kind in KINDS[target])
    assert kind_of(target, "no such") is None


def test_status_asks_and_replaces() -> None:
    """The world is asked; its answer is replaced by one of the statuses, which is drawn."""
    replies = [changed(act("http", "status", dice, codes=[500, 503]), TRUE) for dice in (0, 1)]
    assert [reply.status for reply in replies] == [500, 503]
    assert b"chaos_status" in replies[0].body
    assert changed(act("http", "status", codes=[418], body="tea"), TRUE) == HttpReply(418, [], b"tea")


def test_drop_and_rate_limit_answer_in_the_worlds_place() -> None:
    """The world is not asked; the answer says what made it."""
    dropped, limited = act("http", "drop"), act("http", "rate_limit", retry_after_s=7)
    assert isinstance(dropped, Reply) and isinstance(limited, Reply)
    assert (dropped.answer.status, limited.answer.status) == (500, 429)
    assert b"chaos_drop" in dropped.answer.body
    assert ("retry-after", "7") in limited.answer.headers


def test_latency_waits_a_fixed_or_a_drawn_time() -> None:
    """Both ends of the range are included."""
    assert act("http", "latency", delay_ns=5) == Wait(5)
    drawn = [act("http", "latency", dice, delay_ns=5, delay_max_ns=7) for dice in (0, 1, 99)]
    assert drawn == [Wait(5), Wait(6), Wait(7)]
    assert act("proc", "slow", delay_ns=3) == Wait(3)


def test_timeout_and_disconnect_refuse() -> None:
    """No answer comes: after a time, or at once."""
    assert act("http", "timeout", hold_ns=9) == Refuse("timeout", "a fault gave no answer", 9)
    disconnected = act("http", "disconnect")
    assert isinstance(disconnected, Refuse) and disconnected.kind == "reset"


@pytest.mark.parametrize(
    ("how", "dice", "body"),
    [
        ("invalid-json", 0, b'{"malformed": '),
        ("truncate", 3, b'{"ok"'),
        ("truncate", 0, b'{"ok": 1'),
        ("truncate", 99, b""),
        ("bit-flip", 0, b'z"ok": 1}'),
        ("random-bytes", 65, b"A" * 9),
    ],
)
def test_malformed_breaks_the_body(how: str, dice: int, body: bytes) -> None:
    """The content type stays, the status is 200, the length is not claimed, the place is drawn."""
    reply = changed(act("http", "malformed", dice, how=how), TRUE._replace(status=404))
    assert reply == HttpReply(200, [("content-type", "application/json")], body)


def test_partial_cuts_the_body() -> None:
    """The body ends after a given or a drawn number of bytes, and the connection with it."""
    assert changed(act("http", "partial", bytes=2), TRUE) == TRUE._replace(body=b'{"', cut=True)
    assert changed(act("http", "partial", 4), TRUE).body == b'{"ok'
    assert changed(act("http", "partial"), TRUE).body == TRUE.body[:-1], "the calmest cut leaves one byte out"
    assert changed(act("http", "partial", 99), TRUE).body == b""


def test_faults_of_programs() -> None:
    """A program does not start, ends otherwise, or says less."""
    refused = act("proc", "spawn_error", error="denied")
    assert isinstance(refused, Refuse) and refused.kind == "denied"
    assert changed(act("proc", "exit", code=3), END) == ProcessEnd(3, None, b"hello\n")
    assert changed(act("proc", "signal", signal=11), END) == ProcessEnd(None, 11, b"hello\n")
    assert changed(act("proc", "truncate_stdout", bytes=2), END).stdout == b"he"
    assert changed(act("proc", "truncate_stdout", 2), END).stdout == b"hel"


def test_faults_of_files() -> None:
    """A device fails, is full, keeps only the beginning, or gives back another bit."""
    assert all(isinstance(act("fs", name), Refuse) for name in ("enospc", "eio"))
    assert changed(act("fs", "torn_write", 2), b"hello") == b"he"
    assert changed(act("fs", "torn_write"), b"") == b""
    assert changed(act("fs", "corrupt_read", 9), b"aa") == b"ac"
    assert changed(act("fs", "corrupt_read"), b"") == b""


def test_faults_of_messages() -> None:
    """A message is lost, held, doubled, or overtakes those that wait."""
    assert isinstance(act("net", "drop"), Refuse)
    assert act("net", "delay", delay_ns=4) == Wait(4)
    assert changed(act("net", "duplicate"), ["a", "b"]) == ["a", "b", "b"]
    assert [changed(act("net", "reorder", dice), ["a", "b", "c"]) for dice in (0, 1, 2)] == [
        ["a", "b", "c"],
        ["a", "c", "b"],
        ["c", "a", "b"],
    ]
