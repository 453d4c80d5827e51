"""What faults do to streams of events while they flow, over real sockets."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import httpx
import pytest

from fozzy.core.exchange import Exchange
from fozzy.faults.http.events import Splitter, data_of
from tests.chaos.http.harness import running, until
from tests.chaos.upstream import Upstream, chunked, ndjson, plain, sse

EVENTS = ["one", "two", "three", "four", "five"]
LINES: list[Any] = [{"n": n} for n in range(5)]


def told(exchange: Exchange) -> tuple[str, str, str]:
    """Planned, applied and reason."""
    return exchange.planned, exchange.applied, exchange.reason


def events_of(body: bytes) -> list[bytes]:
    """The data of the events in a body."""
    splitter = Splitter("sse")
    return [data_of("sse", each.raw) for each in [*splitter.feed(body), *splitter.end()] if each.is_event]


def asked(plan: dict[str, Any], handler: Any) -> tuple[bytes, bytes, Exchange]:
    """What a client gets before the answer ends, how it ended, and the record."""
    with Upstream() as upstream, running({"faults": plan}, upstream.url) as run:
        upstream.on("/", handler)
        got, end = b"", b"whole"
        try:
            with httpx.stream("GET", run.url) as response:
                for piece in response.iter_raw():
                    got += piece
        except httpx.RemoteProtocolError:
            end = b"short"
        return got, end, run.only()


@pytest.mark.parametrize("gap_s", [0, 0.02])
def test_an_event_is_left_out(gap_s: float) -> None:
    """One event is missing, the others arrive as they were sent, the true stream is recorded."""
    got, end, exchange = asked({"drop_event": {"event": 2}}, sse(EVENTS, gap_s=gap_s))
    assert events_of(got) == [b"one", b"three", b"four", b"five"] and end == b"whole"
    assert told(exchange) == ("drop_event", "drop_event", "")
    assert exchange.answer is not None and len(events_of(exchange.answer.body.data())) == 5


def test_a_line_is_left_out() -> None:
    """The same of JSON lines."""
    got, _, exchange = asked({"drop_event": {"event": 5}}, ndjson(LINES))
    assert [json.loads(line) for line in got.splitlines()] == LINES[:4]
    assert exchange.applied == "drop_event"


def test_the_drawn_event_is_spoiled() -> None:
    """Without a number one of the first four events is drawn, the same one under the same seed; the rest arrive."""
    first, _, exchange = asked({"corrupt_event": 1}, ndjson(LINES))
    again, _, _ = asked({"corrupt_event": 1}, ndjson(LINES))
    broken = [n for n, line in enumerate(first.splitlines()) if line != json.dumps(LINES[n]).encode()]
    assert len(broken) == 1 and broken[0] < 4 and first == again
    with pytest.raises(ValueError):
        json.loads(first.splitlines()[broken[0]])
    assert exchange.applied == "corrupt_event"


def test_malformed_of_a_stream() -> None:
    """Malformed while streaming: one event is damaged and the rest arrive; with bypass the stream is intact."""
    got, _, exchange = asked({"malformed": 1}, sse(EVENTS, gap_s=0.01))
    data = events_of(got)
    assert len(data) == 5 and sum(each != said.encode() for each, said in zip(data, EVENTS, strict=True)) == 1
    assert told(exchange) == ("malformed", "malformed", "")
    got, _, exchange = asked({"malformed": {"streams": "bypass"}}, sse(EVENTS))
    assert events_of(got) == [each.encode() for each in EVENTS]
    assert told(exchange) == ("malformed", "", "stream")


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("after", [0, 2, 5])
def test_a_stream_ends_early(how: str, after: int) -> None:
    """So many events arrive, then the connection ends without a terminator."""
    with Upstream() as upstream:
        upstream.on("/", sse(EVENTS, gap_s=0.02))
        plan = {"faults": {"cut_stream": {"after_events": after, "how": how}}}
        with running(plan, upstream.url) as run:
            got = b""
            error = httpx.RemoteProtocolError if how == "fin" else httpx.ReadError
            with pytest.raises(error), httpx.stream("GET", run.url) as response:
                for piece in response.iter_raw():
                    got += piece
            assert events_of(got) == [each.encode() for each in EVENTS[:after]]
            assert told(run.only()) == ("cut_stream", "cut_stream", "") and run.only().sent.ended == how  # type: ignore[union-attr]


def test_a_stream_pauses() -> None:
    """A stall: the events before it come at once, the others after its time."""
    with Upstream() as upstream:
        upstream.on("/", sse(EVENTS))
        with running({"faults": {"stall": {"after_events": 2, "for": "200ms"}}}, upstream.url) as run:
            seen: list[tuple[bytes, float]] = []
            began = time.monotonic()
            with httpx.stream("GET", run.url) as response:
                for piece in response.iter_raw():
                    seen += [(each, time.monotonic()) for each in events_of(piece)]
            assert [each for each, _ in seen] == [each.encode() for each in EVENTS]
            assert seen[2][1] - began >= 0.2
            exchange = run.only()
            assert exchange.applied == "stall" and exchange.waited_ns >= 200_000_000


def test_a_stall_until_the_client_leaves() -> None:
    """A stall without a time lasts until the client leaves, and the record says so."""
    with Upstream() as upstream, running({"faults": {"stall": {"after_events": 1}}}, upstream.url) as run:
        upstream.on("/", sse(EVENTS))
        with pytest.raises(httpx.ReadTimeout), httpx.stream("GET", run.url, timeout=1) as response:
            for piece in response.iter_raw():
                assert events_of(piece) == [b"one"]
        exchange = run.only()
        assert exchange.applied == "stall" and exchange.sent is not None and exchange.sent.ended == "client_gone"


def test_a_body_that_is_no_stream_pauses_too() -> None:
    """A stall of a plain body comes after its first byte."""
    with Upstream() as upstream, running({"faults": {"stall": {"for": "150ms"}}}, upstream.url) as run:
        upstream.on("/", plain(200, [], b"hello"))
        began = time.monotonic()
        assert httpx.get(run.url).content == b"hello" and time.monotonic() - began >= 0.15
        assert run.only().applied == "stall"


@pytest.mark.parametrize("fault", ["drop_event", "corrupt_event", "cut_stream"])
def test_what_is_no_stream(fault: str) -> None:
    """Faults of events on an answer without events are bypassed, and the answer is upstream's."""
    got, end, exchange = asked({fault: {}}, plain(200, [("Content-Type", "application/json")], b"{}"))
    assert (got, end) == (b"{}", b"whole") and told(exchange) == (fault, "", "not_a_stream")


def test_what_is_compressed() -> None:
    """A compressed stream cannot be told apart: bypassed."""
    body = gzip.compress(b"data: x\n\n")
    headers = [("Content-Type", "text/event-stream"), ("Content-Encoding", "gzip")]
    got, _, exchange = asked({"malformed": 1}, chunked([body], headers=headers))
    assert got == body and told(exchange) == ("malformed", "", "encoded")


@pytest.mark.parametrize("plan", [{"drop_event": {"event": 9}}, {"cut_stream": {"after_events": 9}}])
def test_a_stream_that_is_over_before(plan: dict[str, Any]) -> None:
    """The event never comes: bypassed, and the stream is whole."""
    got, end, exchange = asked(plan, sse(EVENTS))
    assert len(events_of(got)) == 5 and end == b"whole"
    assert told(exchange) == (next(iter(plan)), "", "stream_ended")


def test_events_flow_while_a_fault_waits_for_its_own() -> None:
    """Under a fault of a late event the first ones arrive at once: nothing is gathered."""
    with Upstream() as upstream, running({"faults": {"drop_event": {"event": 5}}}, upstream.url) as run:
        upstream.on("/", sse(EVENTS, gap_s=0.1))
        began = time.monotonic()
        with httpx.stream("GET", run.url) as response:
            pieces = response.iter_raw()
            assert events_of(next(pieces)) == [b"one"] and len(upstream.requests) == 1
            assert events_of(b"".join(pieces)) == [b"two", b"three", b"four"]
            assert time.monotonic() - began >= 0.4


def test_a_route_that_streams() -> None:
    """A route's own events take the same faults."""
    routes = [{"path": "/e", "answer": {"events": [{"n": 1}, "two", "[DONE]"], "pace": "10ms"}}]
    with running({"faults": {"drop_event": {"event": 2}}, "routes": routes}) as run:
        assert events_of(httpx.get(f"{run.url}/e").content) == [b'{"n":1}', b"[DONE]"]
        assert run.only().source == "fixture"


def test_an_open_stream_does_not_keep_the_proxy_from_stopping() -> None:
    """A stopped proxy gives a stream its bounded time, then ends it, and the record says why."""
    with Upstream() as upstream:
        upstream.on("/", sse([str(n) for n in range(200)], gap_s=0.05))
        error = httpx.RemoteProtocolError
        with running({}, upstream.url) as run, pytest.raises(error), httpx.stream("GET", run.url) as response:
            for _ in response.iter_raw():
                run.stop()
        until(lambda: bool(run.exchanges))
        assert run.only().reason == "proxy_stopped"
