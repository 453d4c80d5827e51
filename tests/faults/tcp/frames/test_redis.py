"""Conversations with Redis, cut into commands, replies and pushes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.faults.tcp.frames.redis import Redis
from fozzy.faults.tcp.frames.resp import encoded, request_of
from tests.faults.tcp.frames.talking import Heard, Talk, heard, kept

KEPT = [talk for name in ("redis2", "redis3") for talk in kept(name)]


def asked(*words: str) -> tuple[str, bytes]:
    """A command."""
    return "upstream", request_of(*words)


def said(*values: object, push: bool = False) -> tuple[str, bytes]:
    """Replies, or a push."""
    data = b"".join(encoded(value, is_resp3=False) for value in values)
    return "downstream", b">" + data[1:] if push else data


def talk(*turns: tuple[str, bytes]) -> Heard:
    """A conversation, which must be the same in reads of one byte."""
    whole, single = heard(Redis, list(turns)), heard(Redis, list(turns), 1)  # type: ignore[arg-type]
    assert whole.told() == single.told()
    assert whole.out == single.out == {way: b"".join(d for w, d in turns if w == way) for way in whole.out}
    return whole


@pytest.mark.parametrize("at", range(len(KEPT)))
def test_a_kept_conversation_is_understood(at: int) -> None:
    """Of redis-py and a real server: every reply has its command, nothing is left, nothing is lost, in any reads."""
    found = talk(*KEPT[at])
    assert (found.framer.lost, list(found.framer.waiting)) == ("", [])
    assert all(each.is_ended for each in found.messages)
    replies = [each for each in found.messages if each.of == "reply"]
    requests = [each for each in found.messages if each.of == "request"]
    assert [each.request for each in replies] == requests
    assert len(requests) > 2


def test_kept_conversations_hold_what_they_were_made_for() -> None:
    """Pushes of channels and of MONITOR, and one reply to two confirmations."""
    abouts = [heard(Redis, each).abouts("downstream") for each in KEPT]
    for at in (0, 3):
        assert abouts[at][-6:] == [
            "reply SUBSCRIBE a", "reply PSUBSCRIBE n*", "push message a", "push pmessage n*", "reply UNSUBSCRIBE",
            "reply PUNSUBSCRIBE",
        ]  # fmt: skip
        assert abouts[at + 2][-2:] == ["reply MONITOR", "push MONITOR"]


@settings(max_examples=60)
@given(st.integers(0, len(KEPT) - 1), st.lists(st.integers(1, 400), max_size=30))
def test_reads_change_nothing(at: int, sizes: list[int]) -> None:
    """However each turn is cut into reads."""
    assert heard(Redis, KEPT[at], sizes).told() == heard(Redis, KEPT[at]).told()


def test_pipelined_replies_find_their_commands() -> None:
    """In order, however many come at once."""
    found = talk(("upstream", request_of("INCR", "a") + request_of("GET", "b")), said(1, None))
    assert found.told()[2:] == [
        ("downstream", "reply", "INCR a", "INCR a", 4, True),
        ("downstream", "reply", "GET b", "GET b", 5, True),
    ]


def test_a_subscription_is_confirmed_in_one_reply() -> None:
    """With all its channels; leaving all of them is confirmed once for each."""
    found = talk(
        asked("SUBSCRIBE", "a", "b"), said(["subscribe", "a", 1], ["subscribe", "b", 2]), asked("UNSUBSCRIBE"),
        said(["unsubscribe", "b", 1], ["unsubscribe", "a", 0]), asked("UNSUBSCRIBE"), said(["unsubscribe", None, 0]),
        asked("GET", "k"), said(["message", "a", "b"]),
    )  # fmt: skip
    assert found.abouts("downstream") == [
        "reply SUBSCRIBE a", "reply UNSUBSCRIBE", "reply UNSUBSCRIBE", "reply GET k"
    ]  # fmt: skip
    assert not found.framer.waiting


def test_a_message_of_a_channel_is_a_push() -> None:
    """Also between a command and its reply, in both versions of the protocol."""
    subscribed = [asked("SUBSCRIBE", "a"), said(["subscribe", "a", 1])]
    found = talk(*subscribed, asked("PING"), said(["message", "a", "hi"]), said(["pong", ""]))
    assert found.abouts("downstream")[1:] == ["push message a", "reply PING"]
    found = talk(asked("GET", "k"), said(["invalidate", ["k"]], push=True), said("v"))
    assert found.abouts("downstream") == ["push invalidate", "reply GET k"]
    found = talk(asked("LRANGE", "k"), said(["message", "a", "hi"]))
    assert found.abouts("downstream") == ["reply LRANGE k"]


def test_a_refused_subscription_is_one_reply() -> None:
    """An error confirms nothing."""
    found = talk(asked("SUBSCRIBE", "a", "b"), ("downstream", b"-NOPERM no\r\n"), asked("PING"), said("PONG"))
    assert found.abouts("downstream") == ["reply SUBSCRIBE a", "reply PING"]


@pytest.mark.parametrize(
    ("silent", "then"),
    [
        (["CLIENT REPLY OFF", "SET a b", "CLIENT REPLY SKIP"], "CLIENT REPLY ON"),
        (["CLIENT REPLY SKIP", "SET a b"], "GET a"),
        (["REPLCONF ACK 1"], "PING"),
        (["CLIENT REPLY OFF", "PING"], "RESET"),
    ],
)
def test_a_command_without_a_reply_waits_for_none(silent: list[str], then: str) -> None:
    """The next reply is of the next command that has one."""
    found = talk(*(asked(*each.split()) for each in [*silent, then]), said("OK"))
    assert [each.of for each in found.messages] == ["push"] * len(silent) + ["request", "reply"]
    assert found.messages[-1].about == then


def test_empty_commands_are_nothing() -> None:
    """Redis answers neither an empty line nor an empty array."""
    found = talk(("upstream", b"\r\n*0\r\nPING\r\n"), ("downstream", b"+PONG\r\n"))
    assert found.abouts() == ["push", "push", "request PING"]
    assert found.abouts("downstream") == ["reply PING"]


def test_what_nobody_asked_is_a_push() -> None:
    """A server that is full says so at once."""
    assert talk(("downstream", b"-ERR max number of clients reached\r\n")).abouts("downstream") == ["push"]


def test_commands_within_multi_are_marked() -> None:
    """And the version of the protocol, as far as a client asked for it."""
    found = talk(*(asked(*each.split()) for each in ["HELLO 3", "MULTI", "SET a b", "EXEC", "GET a", "RESET", "GET a"]))
    states = [each.state for each in found.messages]
    assert states == ["resp3", "resp3", "multi resp3", "multi resp3", "resp3", "", ""]


@pytest.mark.parametrize("word", ["SYNC", "PSYNC"])
def test_replication_is_not_looked_into(word: str) -> None:
    """Older replies are still told; all behind them is opaque, both ways."""
    found = talk(
        ("upstream", request_of("PING") + request_of(word, "?", "-1") + b"*3\r\n"),
        ("downstream", b"+PONG\r\n+FULLRESYNC x 0\r\n$3\r\nRDB"), ("upstream", b"anything"), ("downstream", b"more"),
    )  # fmt: skip
    assert found.framer.lost == "replication"
    assert [each.of for each in found.messages] == ["request", "request", "opaque", "reply", "opaque"]


@pytest.mark.parametrize(
    ("turns", "lost"),
    [
        ([("upstream", b"\x16\x03\x01rest"), ("downstream", b"\x16\x03\x03rest")], "encrypted"),
        ([("upstream", b"*1\r\n$4\r\nPING\r\n\x00rest")], "not_redis"),
        ([("upstream", b"*3\r\n$3\r\nSET\r\n$1\r\na\r\nrest\r\nrest")], "not_redis"),
        ([("downstream", b"HTTP/1.1 400\r\n\r\n"), ("upstream", b"PING\r\n")], "not_redis"),
        ([("upstream", b"PING\r\n"), ("downstream", b"*2\r\n:1\r\nrest\r\n+OK\r\n")], "not_redis"),
    ],
)
def test_what_is_not_redis_goes_on_as_it_is(turns: Talk, lost: str) -> None:
    """From the same byte on, however it is cut."""
    found = talk(*turns)
    assert found.framer.lost.startswith(lost)
    assert any(each.of == "opaque" for each in found.messages)


def test_what_was_held_goes_on_at_the_end() -> None:
    """Half a command is opaque."""
    found = Heard(Redis)
    found.hear("upstream", b"*2\r\n$3\r\nGE")
    assert found.out["upstream"] == b""
    assert [item.data for item in found.framer.finish("upstream")] == [b"*2\r\n$3\r\nGE"]  # type: ignore[union-attr]
    assert found.framer.finish("upstream") == []


def test_a_large_value_is_not_held() -> None:
    """Bytes of a value go on as they come, either way."""
    found = Heard(Redis)
    found.hear("upstream", b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000000\r\n" + b"x" * 1000)
    assert len(found.out["upstream"]) == 1000 + 32
    found.hear("downstream", b"$100000000\r\n" + b"x" * 1000)
    assert len(found.out["downstream"]) == 1000 + 12
