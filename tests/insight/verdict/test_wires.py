"""Calls from records of TCP: what the server got, what the client heard, and when it knew."""

from __future__ import annotations

import pytest

from fozzy.faults.tcp.plan import Toxic
from fozzy.insight.verdict.model import Call
from tests.insight.verdict.scripted import ASK, INCR, OK, ONE, S, Scripted, status

HELLO = b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"


def only(client: Scripted) -> Call:
    """The one call."""
    (call,) = client.verdict().clients[0].calls
    return call


@pytest.mark.parametrize(
    ("toxic", "fate", "reached", "in_doubt"),
    [
        (None, "answered", True, False),
        (Toxic(type="drop_reply"), "lost", True, True),
        (Toxic(type="reset_peer", stream="upstream", match="INCR"), "lost", False, False),
        (Toxic(type="limit_data", attributes={"bytes": 2}), "truncated", True, True),
        (Toxic(type="limit_data", stream="upstream", attributes={"bytes": 5}), "lost", False, False),
        (Toxic(type="resp_error", match="INCR", attributes={"code": "LOADING"}), "error", False, False),
        (Toxic(type="latency", attributes={"latency": 100}), "answered", True, False),
        (Toxic(type="slicer", attributes={"average_size": 1, "size_variation": 0}), "answered", True, False),
    ],
)
def test_what_becomes_of_a_call(toxic: Toxic | None, fate: str, reached: bool, in_doubt: bool) -> None:
    """Under each kind of fault: answered or not, whether the server got it, whether the client can know."""
    client = Scripted(*([toxic] if toxic else []))
    client.once()
    call = only(client)
    assert (call.fate, call.reached, call.in_doubt) == (fate, reached, in_doubt)
    assert call.about == "INCR orders" and call.connection == 1
    assert bool(call.faults) or fate == "answered"


def test_a_client_that_leaves_before_the_reply() -> None:
    """What was due after it left it did not hear: it gave up when it left, and the server may have done it."""
    client = Scripted(Toxic(type="latency", attributes={"latency": 10_000}))
    link = client.connect()
    client.driven.now += 1
    link.received("upstream", INCR, client.driven.now)
    client.driven.out(link, "upstream")
    link.received("downstream", ONE, client.driven.now)
    client.wait(2)
    link.ended("upstream", "fin", client.driven.now)
    client.wait(20)
    client.driven.close(link)
    call = only(client)
    assert (call.fate, call.in_doubt, call.ended_ns - call.began_ns) == ("silent", True, 2 * S)


def test_a_call_that_waits() -> None:
    """Neither a reply nor an end: it is open, until now; nothing is in doubt yet."""
    client = Scripted(Toxic(type="drop_reply", attributes={"end": "hang"}))
    client.ask(client.connect())
    client.wait(5)
    call = only(client)
    assert (call.fate, call.in_doubt) == ("open", False) and call.ended_ns == client.driven.now


@pytest.mark.parametrize("cut", [0, 1, 3])
def test_what_replies_say(cut: int) -> None:
    """Statuses and codes of errors, however the bytes were cut into reads; a reply that is no error says none."""
    redis = Scripted()
    link = redis.connect()
    for reply in (b"-LOADING Redis is loading\r\n", b"-ERR\r\n", b"$4\r\n-ERR\r\n"):
        redis.driven.say(link, "upstream", INCR)
        redis.driven.say(link, "downstream", reply, cut)
    assert [(call.said, call.fate) for call in redis.verdict().clients[0].calls] == [
        ("LOADING", "error"),
        ("ERR", "error"),
        ("", "answered"),
    ]
    http = Scripted(protocol="http")
    link = http.connect()
    for reply in (status(429, "retry-after:  7  "), status(503, "Retry-After: soon"), OK):
        http.driven.say(link, "upstream", ASK)
        http.driven.say(link, "downstream", reply, cut)
    calls = http.verdict().clients[0].calls
    assert [call.said for call in calls] == ["429 retry_after=7", "503", "200"]
    assert [call.retry_after_ns for call in calls] == [7 * S, None, None]


def test_attempts_to_connect() -> None:
    """A connection that came to nothing is a call; one that its client ended in order is none; a set-up that hangs is."""
    client = Scripted()
    client.driven.close(client.connect(), "unreachable")
    assert (only(client).about, only(client).fate) == ("connect", "lost")
    calm = Scripted()
    link = calm.connect()
    calm.ask(link, HELLO, b"%0\r\n")
    calm.leave(link)
    assert calm.verdict().clients[0].calls == [] and len(calm.verdict().clients[0].setup) == 1
    hung = Scripted(Toxic(type="drop_reply", match="HELLO", attributes={"end": "hang"}))
    link = hung.connect()
    hung.ask(link, HELLO, b"%0\r\n")
    hung.leave(link)
    assert (only(hung).about, only(hung).fate) == ("connect", "silent")
    assert only(hung).faults == ["kv/drop_reply_downstream"]


@pytest.mark.parametrize(("last", "in_doubt"), [(b"EXEC", True), (b"DISCARD", False), (b"", False)])
def test_transactions_of_redis(last: bytes, in_doubt: bool) -> None:
    """A command within MULTI is in doubt when its EXEC is; what was discarded, or never executed, is not there."""
    client = Scripted(Toxic(type="drop_reply", match=(last or b"INCR").decode()))
    link = client.connect()
    client.ask(link, b"*1\r\n$5\r\nMULTI\r\n", b"+OK\r\n")
    client.ask(link, INCR, b"+QUEUED\r\n")
    if last:
        client.ask(link, b"*1\r\n$%d\r\n%s\r\n" % (len(last), last), b"*1\r\n:1\r\n")
    calls = {call.about: call for call in client.verdict().clients[0].calls}
    assert calls["INCR orders"].in_doubt == in_doubt
    assert calls["MULTI"].in_doubt is False


def test_events_belong_to_their_reply() -> None:
    """A stream that is cut behind its second event is cut short; one that its server ended is whole."""
    stream = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + b"data: a\n\n" * 3
    for toxics, fate in (([Toxic(type="sse_cut", attributes={"after_events": 2})], "truncated"), ([], "answered")):
        client = Scripted(*toxics, protocol="http")
        link = client.connect()
        client.ask(link, ASK, stream)
        if not toxics:
            client.serve_end(link)
        call = only(client)
        assert (call.fate, call.framing, call.events) == (fate, "close", True)


def test_raw_bytes() -> None:
    """Of an unknown protocol a turn of the client is a call, and the server's turn answers it."""
    client = Scripted(protocol="raw")
    link = client.connect()
    client.ask(link, b"a", b"b")
    client.ask(link, b"c", b"d")
    client.leave(link)
    assert [call.fate for call in client.verdict().clients[0].calls] == ["answered", "answered"]
