"""The oracles: each fails on a client built to break it, passes on one that is right, and never passes over nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fozzy.errors import UsageError
from fozzy.faults.tcp.plan import Toxic
from fozzy.insight.verdict.oracles import Oracles
from tests.insight.verdict.scripted import ASK, GET, INCR, OK, ONE, STREAM, Scripted, status

DROP = Toxic(type="drop_reply", match="INCR", first=1)
RESET = Toxic(type="reset_peer", stream="upstream", match="INCR", first=2)


def test_a_fault_that_fired() -> None:
    """By type and by name, exactly so often; one that never did fails, naming what was applied."""
    client = Scripted(DROP)
    client.ask(client.connect())
    client.oracles.assert_fired("drop_reply", times=1)
    client.oracles.assert_fired("kv/drop_reply_downstream")
    with pytest.raises(AssertionError, match='"drop_reply" was applied 1 time, not 2 times'):
        client.oracles.assert_fired("drop_reply", times=2)
    with pytest.raises(AssertionError, match='"latency" was never applied\n  kv/drop_reply_downstream: 1 time'):
        client.oracles.assert_fired("latency")


def test_attempts() -> None:
    """Each request counts, and each connection that came to nothing; requests of a library's own do not."""
    client = Scripted(Toxic(type="refuse", first=1))
    client.driven.close(client.connect(), "refuse_downstream")
    link = client.connect()
    client.ask(link, b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n", b"%0\r\n")
    client.ask(link)
    client.leave(link)
    client.oracles.assert_attempts(2)
    client.oracles.assert_attempts(1, "INCR orders")
    client.oracles.assert_attempts(1, "HELLO")
    with pytest.raises(
        AssertionError, match=r"there were 2 calls, not 3\n  kv connection 1 at 0.001 s: connect, ended"
    ):
        client.oracles.assert_attempts(3)


def test_calls_while_open() -> None:
    """A client that calls through an open breaker, at the very time it opened; one that waits until it is half-open."""
    right, broken = Scripted(RESET), Scripted(RESET)
    for client in (right, broken):
        client.ask(client.connect())
        client.ask(client.connect())
        client.oracles.transition("orders", "open")
    broken.driven.now -= 10**6  # a connection takes a millisecond here: this one comes at no later time
    broken.once()
    with pytest.raises(AssertionError, match=r"1 call went out while the breaker orders was open.*\n  kv connection 3"):
        broken.oracles.assert_no_calls_while_open()
    right.wait(60)
    right.oracles.transition("orders", "half-open")
    right.once()
    right.oracles.transition("orders", "closed")
    right.oracles.assert_no_calls_while_open("orders")
    assert [(each.before, each.state) for each in right.verdict().breakers] == [
        ("closed", "open"),
        ("open", "half_open"),
        ("half_open", "closed"),
    ]


def test_no_breaker_is_no_proof() -> None:
    """Where nothing was watched, or nothing opened, the oracle says so; and so it does of a state there is not."""
    client = Scripted()
    client.once()
    with pytest.raises(AssertionError, match="no breaker was ever open; is it watched"):
        client.oracles.assert_no_calls_while_open()
    client.oracles.transition("orders", "open")
    client.oracles.transition("orders", "closed")
    client.oracles.assert_no_calls_while_open()
    with pytest.raises(AssertionError, match='"carts" was never open'):
        client.oracles.assert_no_calls_while_open("carts")
    with pytest.raises(UsageError, match="cannot be"):
        client.oracles.transition("orders", "ajar")


def retried(*pauses: float) -> Scripted:
    """A client whose every attempt but the last is reset, with these pauses in between."""
    client = Scripted(Toxic(type="reset_peer", stream="upstream", match="INCR", first=len(pauses)))
    client.ask(client.connect())
    for pause in pauses:
        client.wait(pause - 0.001)  # to connect takes a millisecond here
        client.ask(client.connect())
    return client


def test_backoff() -> None:
    """Pauses of 1, 2 and 4 seconds are that backoff; equal ones are not, and the message has all attempts."""
    retried(1, 2, 4).oracles.assert_backoff(1, 2)
    retried(1, 2, 3).oracles.assert_backoff(1, 2, cap=3)
    retried(3, 3, 2).oracles.assert_backoff(8, 0.5, cap=3)
    retried(1.2, 2.4).oracles.assert_backoff(1, 2, jitter=0.5)
    broken = retried(1, 1, 1)
    with pytest.raises(AssertionError, match=r"before attempt 3 of INCR orders was 1.000 s, not 2.000 s\n") as failure:
        broken.oracles.assert_backoff(1, 2)
    assert str(failure.value).count("INCR orders, ended without a reply") == 3
    assert "after 1.000 s: kv connection 4" in str(failure.value)
    with pytest.raises(AssertionError, match="nothing was tried again"):
        retried().oracles.assert_backoff(1)


def test_a_complaint_has_a_kind() -> None:
    """Two that differ in their numbers are of one kind, and two that differ in what is wrong of two; both are plain errors."""
    found = []
    for client in (retried(1), retried(3, 5), retried(5), retried()):
        with pytest.raises(AssertionError) as failure:
            client.oracles.assert_backoff(4)
        assert type(failure.value) is AssertionError
        found.append(vars(failure.value)["complaint"])
    assert found == ["backoff.too_short", "backoff.too_short", "backoff.too_long", "backoff.no_pause"]


@pytest.mark.parametrize("factor", [1e9, 1e308, float("inf")])
def test_a_backoff_that_soon_is_at_its_cap(factor: float) -> None:
    """However fast it grows there is a number for each pause; without a cap it is one that nobody waits for."""
    retried(1, 3, 3).oracles.assert_backoff(1, factor, cap=3)
    retried(1).oracles.assert_backoff(1, factor)
    with pytest.raises(AssertionError, match=r"before attempt 3 of INCR orders was 3.000 s, not 1000000000.000 s"):
        retried(1, 3).oracles.assert_backoff(1, factor)


def limited(pause: float, again: bool = True) -> Scripted:
    """A client that is asked for 7 seconds of patience."""
    client = Scripted(protocol="http")
    link = client.connect()
    client.ask(link, ASK, status(429, "Retry-After: 7"))
    client.wait(pause - 0.001)
    if again:
        client.ask(link, ASK, OK)
    return client


def test_retry_after() -> None:
    """After 7 seconds is patient, and so is never again; after 6.999 is not. A reply without the header proves nothing."""
    limited(7).oracles.assert_honours_retry_after()
    limited(1, again=False).oracles.assert_honours_retry_after()
    with pytest.raises(AssertionError, match=r"asked for 7.000 s, and the next call came after 6.99\d s"):
        limited(6.99).oracles.assert_honours_retry_after()
    client = Scripted(protocol="http")
    client.once(ASK, OK)
    with pytest.raises(AssertionError, match="no reply had a Retry-After"):
        client.oracles.assert_honours_retry_after()


def test_retry_after_of_a_toxic_and_of_a_date() -> None:
    """What a toxic answers is read like what a server does, and a date counts from the reply's own."""
    client = Scripted(Toxic(type="http_rate_limit", first=1, attributes={"retry_after": 7}), protocol="http")
    link = client.connect()
    client.ask(link, ASK)
    client.wait(3)
    client.ask(link, ASK, OK)
    with pytest.raises(AssertionError, match="asked for 7.000 s"):
        client.oracles.assert_honours_retry_after()
    dated = Scripted(protocol="http")
    link = dated.connect()
    dates = ["Date: Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT"]
    dated.ask(link, ASK, status(503, *dates))
    dated.wait(59)
    dated.ask(link, ASK, OK)
    with pytest.raises(AssertionError, match="asked for 60.000 s"):
        dated.oracles.assert_honours_retry_after()


def outage(back_after: float | None) -> Scripted:
    """A client that is reset until the toxic is gone, and asks again so long after it."""
    client = Scripted()
    name = client.add("reset_peer", stream="upstream", match="INCR")
    client.ask(client.connect())
    client.wait(1)
    client.remove(name)
    if back_after is not None:
        client.wait(back_after)
        client.once()
    return client


def test_recovery() -> None:
    """A client that is answered soon after recovers; one that comes late, or never, does not; nor does its breaker."""
    outage(0.5).oracles.assert_recovers(within=1)
    with pytest.raises(AssertionError, match=r"it took 5.00\d s to recover, not 1.000 s"):
        outage(5).oracles.assert_recovers(within=1)
    with pytest.raises(
        AssertionError, match="does not recover: after kv/reset_peer_upstream was over .* no call was made"
    ):
        outage(None).oracles.assert_recovers()
    broken = outage(0.5)
    broken.oracles.transition("orders", "open")
    with pytest.raises(AssertionError, match="the breaker orders did not close again"):
        broken.oracles.assert_recovers()
    calm = Scripted()
    calm.once()
    with pytest.raises(AssertionError, match="no fault came to pass"):
        calm.oracles.assert_recovers()


def test_recovery_from_a_fault_of_a_service() -> None:
    """A server that was killed and came again is a fault too, told by who killed it."""
    client = Scripted()
    client.oracles.fault("redis killed")
    client.driven.close(client.connect(), "unreachable")
    client.oracles.fault("redis killed", is_over=True)
    with pytest.raises(AssertionError, match="after redis killed was over"):
        client.oracles.assert_recovers()
    client.once()
    client.oracles.assert_recovers(within=0.1)
    client.oracles.assert_fired("redis killed", times=1)


def test_leaked_connections() -> None:
    """A client that leaves none open, and one that leaves two, of which a pool may keep some."""
    right, broken = Scripted(), Scripted()
    right.once()
    right.oracles.assert_no_leaked_connections()
    broken.ask(broken.connect())
    broken.ask(broken.connect())
    with pytest.raises(
        AssertionError, match=r"2 connections were left open\n  kv connection 1: since 0.001 s, 1 request"
    ):
        broken.oracles.assert_no_leaked_connections()
    broken.oracles.assert_no_leaked_connections(allowed=2)
    broken.driven.close_all()
    with pytest.raises(AssertionError, match="2 connections were left open, not 1 at most"):
        broken.oracles.assert_no_leaked_connections(allowed=1)
    with pytest.raises(AssertionError, match="there was no connection"):
        Scripted().oracles.assert_no_leaked_connections()


def test_at_most_once() -> None:
    """A client that sends a write again after its reply was lost, and one that gives up; both connections are named."""
    right, broken = Scripted(DROP), Scripted(DROP)
    right.ask(right.connect())
    right.once(GET, b"$1\r\n1\r\n")
    right.oracles.assert_at_most_once("INCR orders")
    broken.ask(broken.connect())
    broken.once()
    with pytest.raises(AssertionError, match="INCR orders may be carried out twice") as failure:
        broken.oracles.assert_at_most_once("INCR orders")
    assert "reached the server on kv connection 1 at 0.002 s" in str(failure.value)
    assert "sent again on kv connection 2 at" in str(failure.value)
    with pytest.raises(AssertionError, match="no call of 'SET'"):
        broken.oracles.assert_at_most_once("SET")


def test_what_is_sent_again_and_is_no_doubt() -> None:
    """A request that never reached the server, one that it refused, a read: each may come again."""
    for toxic in (RESET, Toxic(type="resp_error", match="INCR", first=1, attributes={"code": "LOADING"})):
        client = Scripted(toxic)
        client.once()
        client.once()
        client.once()
        client.oracles.assert_at_most_once("INCR orders")
    reader = Scripted(Toxic(type="drop_reply", match="GET", first=1))
    reader.ask(reader.connect(), GET)
    reader.once(GET, b"$1\r\n1\r\n")
    reader.oracles.assert_at_most_once("GET")


def streamed(again: bool, end: str = "fin") -> Scripted:
    """A stream without a length, cut after one event."""
    cut = Toxic(type="sse_cut", first=1, attributes={"after_events": 1, "end": end})
    client = Scripted(cut, protocol="http")
    link = client.connect()
    client.ask(link, ASK, STREAM + b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n")
    if again:
        link = client.connect()
        client.ask(link, ASK, STREAM + b"id: 2\ndata: b\n\n")
        client.serve_end(link)
    return client


def test_truncated_streams() -> None:
    """A client that takes the first part for all, and one that asks again; a reset is no end that could be believed."""
    streamed(True).oracles.assert_no_truncated_stream_accepted(resumed=True)
    broken = streamed(False)
    with pytest.raises(
        AssertionError, match=r"1 reply cut short looked whole to the client.*\n  kv connection 1 .*fin"
    ):
        broken.oracles.assert_no_truncated_stream_accepted()
    broken.oracles.assert_no_truncated_stream_accepted(noticed=1)
    streamed(False, "rst").oracles.assert_no_truncated_stream_accepted()
    with pytest.raises(AssertionError, match="never asked again"):
        streamed(False, "rst").oracles.assert_no_truncated_stream_accepted(resumed=True)
    whole = Scripted(protocol="http")
    whole.once(ASK, OK)
    with pytest.raises(AssertionError, match="no reply was cut short"):
        whole.oracles.assert_no_truncated_stream_accepted()


def test_a_hang() -> None:
    """A client that leaves after 2 seconds, one that leaves after 13, and one that waits still."""
    hang = Toxic(type="drop_reply", match="INCR", attributes={"end": "hang"})
    right, broken, waiting = Scripted(hang), Scripted(hang), Scripted(hang)
    for client, patience in ((right, 2), (broken, 13), (waiting, 13)):
        link = client.connect()
        client.ask(link)
        client.wait(patience)
        if client is not waiting:
            client.leave(link)
    right.oracles.assert_no_hang(3)
    with pytest.raises(
        AssertionError, match=r"1 call took longer than 5.000 s, up to 13.00\d s\n.*given up by the client"
    ):
        broken.oracles.assert_no_hang(5)
    with pytest.raises(AssertionError, match="still waiting"):
        waiting.oracles.assert_no_hang(5, "INCR")
    with pytest.raises(AssertionError, match="there was no call"):
        Scripted().oracles.assert_no_hang(5)


def test_one_proxy_of_several() -> None:
    """An oracle can be asked of one proxy, also of one that nobody came to."""
    client = Scripted()
    client.oracles.assert_attempts(0, proxy="kv")
    client.once(INCR, ONE)
    client.oracles.assert_attempts(1, proxy="kv")


ASKED: dict[str, Callable[[Oracles], None]] = {
    "attempts": lambda oracles: oracles.assert_attempts(0, proxy="kvs"),
    "while open": lambda oracles: oracles.assert_no_calls_while_open(proxy="kvs"),
    "backoff": lambda oracles: oracles.assert_backoff(1, proxy="kvs"),
    "retry after": lambda oracles: oracles.assert_honours_retry_after(proxy="kvs"),
    "recovers": lambda oracles: oracles.assert_recovers(proxy="kvs"),
    "leaks": lambda oracles: oracles.assert_no_leaked_connections(proxy="kvs"),
    "at most once": lambda oracles: oracles.assert_at_most_once(proxy="kvs"),
    "truncated": lambda oracles: oracles.assert_no_truncated_stream_accepted(proxy="kvs"),
    "hang": lambda oracles: oracles.assert_no_hang(1, proxy="kvs"),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_proxy_that_there_is_not(name: str) -> None:
    """Nothing holds of it, and nothing fails: who asks is told which there are."""
    client = Scripted()
    client.once()
    client.oracles.transition("orders", "open")
    with pytest.raises(UsageError, match='there is no proxy "kvs"') as refused:
        ASKED[name](client.oracles)
    assert (refused.value.code, refused.value.hint) == ("chaos.unknown_proxy", 'did you mean "kv"?')


def test_a_breaker_of_a_proxy_that_there_is_not() -> None:
    """It guards nothing, so nothing could go out while it is open."""
    client = Scripted()
    client.oracles.transition("orders", "open", at="redis")
    client.once()
    with pytest.raises(UsageError, match='there is no proxy "redis"') as refused:
        client.oracles.assert_no_calls_while_open("orders")
    assert refused.value.hint == "there are kv"
