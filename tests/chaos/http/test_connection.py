"""Connections at their edges, over raw sockets: each limit, each lateness, and each way to leave has one outcome."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from fozzy.chaos.http.wire import Wire
from fozzy.core.exchange import Sent
from tests.chaos.http.harness import Running, everything, running, until
from tests.chaos.http.test_handling import parts_of
from tests.chaos.upstream import Upstream, chunked, hangs, head_of, plain, slow

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
FIXED = {"routes": [{"path": "*", "answer": {"text": "ok"}}]}


def answers(data: bytes) -> list[tuple[int, bytes]]:
    """Status and body of every answer in a row, each with its length."""
    found = []
    while data:
        status, headers, rest = parts_of(data)
        size = int(headers.get("content-length", "0"))
        found.append((status, rest[:size]))
        data = rest[size:]
    return found


def refused(run: Running, data: bytes) -> tuple[int, str]:
    """Status and code of a refusal, which ends the connection."""
    status, headers, body = parts_of(run.ask(data))
    assert headers["connection"] == "close"
    return status, httpx.Response(status, content=body).json()["error"]["code"]


# Keep-alive and pipelining


def test_a_connection_is_kept() -> None:
    """Many requests over one connection, and one connection to upstream."""
    with Upstream() as upstream, running({}, upstream.url) as run, httpx.Client(base_url=run.url) as client:
        assert {client.post(f"/{n}", content=b"x" * n).status_code for n in range(20)} == {200}
        assert upstream.opened == 1 and run.proxy.connections_peak == 1


def test_pipelined_requests_are_answered_in_order() -> None:
    """Requests sent at once: answered one after the other, the last one ends the connection as it asked."""
    last = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    body = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    with Upstream() as upstream, running({}, upstream.url) as run:
        found = answers(run.ask(GET + body + GET + last))
        assert [status for status, _ in found] == [200] * 4
        assert [each.target for each in upstream.requests] == ["/x", "/body", "/x", "/last"]
        assert [each.request.target for each in run.wait(4)] == ["/x", "/body", "/x", "/last"]


def test_many_pipelined_requests_leave_room_for_others() -> None:
    """A thousand requests in one write are all answered."""
    with running(FIXED) as run:
        data = GET * 999 + b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        with run.connect() as sock, ThreadPoolExecutor(1) as pool:
            sending = pool.submit(sock.sendall, data)
            assert len(answers(everything(sock))) == 1000
            sending.result()


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
    ],
)
def test_who_keeps_a_connection(asked: bytes, kept: bool) -> None:
    """HTTP/1.0 and 1.1, with and without a Connection header."""
    with running(FIXED) as run, run.connect() as sock:
        sock.sendall(asked)
        data = sock.recv(65536)
        assert data.endswith(b"ok")
        assert (b"connection: close" in data.lower()) == (not kept)
        if kept:
            sock.sendall(asked)
            assert sock.recv(65536).endswith(b"ok")
        else:
            assert sock.recv(1) == b""


def test_a_half_closed_client_is_answered() -> None:
    """A client that ends its half after the request still gets its answer, also a late one."""
    with Upstream() as upstream, running({}, upstream.url) as run, run.connect() as sock:
        upstream.on("/x", slow(0.3))
        sock.sendall(GET)
        sock.shutdown(socket.SHUT_WR)
        assert parts_of(everything(sock))[0] == 200
        exchange = run.only()
        assert exchange.sent is not None and exchange.sent.ended == "whole" and exchange.reason == ""


@pytest.mark.parametrize("plan", [{}, {"limits": {"bandwidth": "10MB/s"}}])
def test_a_client_that_left_before_a_late_answer(plan: dict[str, Any]) -> None:
    """A client that closed while upstream was slow got no answer, not even a status, and the record says so."""
    with Upstream() as upstream, running(plan, upstream.url) as run:
        upstream.on("/x", slow(0.3))
        with run.connect() as sock:
            sock.sendall(GET)
        exchange = run.only()
        assert exchange.reason == "client_gone" and exchange.sent == Sent(0, 0, "client_gone")
        assert exchange.answer is not None and upstream.count == 1


def test_a_client_that_resets_frees_upstream() -> None:
    """A client that resets while upstream is silent: upstream's connection is ended soon."""
    with Upstream() as upstream, running({}, upstream.url, wire=Wire(idle_timeout_s=0.2)) as run:
        upstream.on("/x", hangs())
        with run.connect() as sock:
            sock.sendall(GET)
            until(lambda: upstream.count == 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        assert run.only().reason == "client_gone"


# What is no request


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET ftp://x/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"FROBNICATE / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)
def test_what_is_refused(data: bytes, status: int) -> None:
    """What is ambiguous or no HTTP/1.1 is refused, not passed on, and recorded; the connection ends."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        got, headers, _ = parts_of(run.ask(data))
        assert got == status or (got == 501 and status == 400 and data[0] == 0x16)
        assert headers["connection"] == "close"
        exchange = run.only()
        assert exchange.number == 0 and exchange.reason and exchange.sent is not None
        assert exchange.sent.ended == "refused" and exchange.sent.status == got and upstream.opened == 0


@pytest.mark.parametrize("bad", [b"zz\r\n", b"3\r\nabcd\r\n", b"fffffffffffffffff\r\n", b"3 \r\nabc\r\n", b"-1\r\n"])
def test_a_bad_chunk_is_refused(bad: bytes) -> None:
    """A bad chunk behind good ones: 400, and upstream never gets a whole request."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    with Upstream() as upstream, running({}, upstream.url) as run:
        assert refused(run, head + bad)[0] == 400
        assert run.only().reason == "bad_request" and upstream.count == 0


def test_a_good_request_before_a_bad_one_is_answered() -> None:
    """What is wrong behind a request does not touch it."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        found = answers(run.ask(GET + b"nonsense\r\n\r\n"))
        assert [status for status, _ in found][0] == 200 and len(found) == 2 and found[1][0] in (400, 501)
        assert [each.number for each in run.wait(2)] == [1, 0] and upstream.count == 1


def test_absolute_targets() -> None:
    """An absolute target is the path it names; its authority does not decide who is asked."""
    with Upstream() as upstream, running({}, upstream.url) as run, run.connect() as sock:
        sock.sendall(b"GET http://elsewhere.test/a/b?c=d HTTP/1.1\r\nHost: x\r\n\r\n")
        assert parts_of(sock.recv(65536))[0] == 200
        sock.sendall(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert parts_of(everything(sock))[0] == 200
        assert [each.target for each in upstream.requests] == ["/a/b?c=d", "*"]
        assert upstream.requests[0].header("host") == upstream.url.removeprefix("http://")


# Limits


def test_headers_up_to_the_limit() -> None:
    """64 KiB of headers are too much, a little less is not; neither moves the one after it."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        fits = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: " + b"y" * 65_000 + b"\r\n\r\n"
        assert parts_of(run.ask(fits))[0] == 200
        assert len(upstream.requests[0].header("x") or "") == 65_000
        assert refused(run, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000 + b"\r\n\r\n") == (
            431,
            "headers_too_large",
        )
        assert [each.reason for each in run.wait(2)] == ["", "headers_too_large"]


def test_a_small_limit_of_headers() -> None:
    """A head that comes in one read is held against the limit too, in bytes and in number."""
    wire = Wire(header_bytes_max=1000, headers_max=10)
    with running(FIXED, wire=wire) as run:
        assert refused(run, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 1000 + b"\r\n\r\n")[0] == 431
        assert refused(run, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 10 + b"\r\n") == (431, "headers_too_many")
        assert refused(run, b"GET /" + b"y" * 1000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")[0] == 431
        body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n" + b"z" * 5000
        assert parts_of(run.ask(body))[0] == 200


def test_endless_trailers_and_chunk_heads() -> None:
    """Trailers and extensions of chunks are bounded."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Upstream() as upstream, running({}, upstream.url) as run:
        assert refused(run, head + b"0\r\n" + b"X: " + b"y" * 140_000)[0] == 400
        assert refused(run, head + b"1;" + b"y" * 140_000)[0] == 400
        assert upstream.count == 0


@pytest.mark.parametrize("coded", [True, False])
def test_a_body_over_the_limit(coded: bool) -> None:
    """413, as soon as it is known; upstream does not get it."""
    wire = Wire(request_bytes_max=1000)
    with Upstream() as upstream, running({}, upstream.url, wire=wire) as run:
        body = b"z" * 300_000
        content: Any = iter([body]) if coded else body
        with httpx.Client(base_url=run.url) as client:
            assert client.post("/", content=content).status_code == 413
            assert client.post("/", content=b"z" * 1000).status_code == 200
        assert [each.reason for each in run.wait(2)] == ["body_too_large", ""]
        assert [len(each.body) for each in upstream.requests] == [1000]


def test_expect_continue() -> None:
    """Who waits to be told to go on is told; a body that is too large is refused without that."""
    head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n"
    with Upstream() as upstream, running({}, upstream.url, wire=Wire(request_bytes_max=1000)) as run:
        with run.connect() as sock:
            sock.sendall(head.format(5).encode())
            assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            sock.sendall(b"hello")
            assert parts_of(sock.recv(65536))[0] == 200
            sock.sendall(head.format(5).encode() + b"hello")
            assert parts_of(sock.recv(65536))[0] == 200
        assert refused(run, head.format(5000).encode())[0] == 413
        assert [each.body for each in upstream.requests] == [b"hello", b"hello"]
        assert upstream.requests[0].header("expect") is None


def test_too_many_connections() -> None:
    """One connection more than there may be: 503 and the end, recorded; those there are go on."""
    with running({**FIXED, "limits": {"max_connections": 2}}) as run:
        with run.connect() as one, run.connect() as two:
            until(lambda: len(run.proxy.connections) == 2)
            assert refused(run, GET) == (503, "connections_max")
            for sock in (one, two):
                sock.sendall(GET)
                assert sock.recv(65536).endswith(b"ok")
        until(lambda: not run.proxy.connections)
        assert parts_of(run.ask(b"GET / HTTP/1.0\r\n\r\n"))[0] == 200
        told = run.wait(4)
        assert [each.reason for each in told] == ["connections_max", "", "", ""]
        assert [(each.planned, each.applied, each.number) for each in told[:2]] == [
            ("", "limit.connections", 0),
            ("", "", 1),
        ]


def test_far_too_many_connections() -> None:
    """A connection that is reset unheard leaves one record too, where it is the plan that says how many there may be."""
    with running({**FIXED, "limits": {"max_connections": 1}}) as run, run.connect(), run.connect():
        until(lambda: len(run.proxy.connections) == 2)
        with pytest.raises(ConnectionResetError), run.connect() as third:
            third.recv(1)
        exchange = run.only()
        assert (exchange.applied, exchange.reason) == ("limit.connections", "connections_max")
        assert exchange.sent == Sent(0, 0, "rst") and exchange.request.method == ""


def test_too_many_connections_for_the_wire() -> None:
    """A bound that no plan says is no fault."""
    with running({**FIXED, "limits": {"max_connections": 9}}, wire=Wire(connections_max=1)) as run, run.connect():
        until(lambda: len(run.proxy.connections) == 1)
        assert refused(run, GET) == (503, "connections_max")
        assert (run.only().applied, run.only().reason) == ("", "connections_max")


# Lateness


def test_a_slow_head() -> None:
    """A head that comes byte by byte gets its time in all, and then 408."""
    with running(FIXED, wire=Wire(header_timeout_s=0.3)) as run:
        began = time.monotonic()
        got = b""
        with run.connect() as sock:
            sock.settimeout(0.05)
            for n in range(200):
                try:
                    sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "[n : n + 1] or b"y")
                    got = sock.recv(65536)
                    break
                except TimeoutError:
                    continue
            assert time.monotonic() - began >= 0.3
            assert parts_of(got)[0] == 408
            exchange = run.only()
            assert exchange.reason == "header_timeout" and exchange.sent is not None and exchange.sent.status == 408


@pytest.mark.parametrize("planned", [True, False])
def test_a_silent_connection(planned: bool) -> None:
    """A connection without a request is closed after its time, without a byte; where the plan says so, with a record."""
    plan = {**FIXED, "limits": {"idle_timeout": "600ms"}} if planned else FIXED
    wire = Wire() if planned else Wire(idle_timeout_s=0.6)
    with running(plan, wire=wire) as run:
        began = time.monotonic()
        with run.connect() as sock:
            assert sock.recv(1) == b"" and time.monotonic() - began >= 0.6
        with run.connect() as sock:
            sock.sendall(GET)
            assert sock.recv(65536).endswith(b"ok") and sock.recv(1) == b""
    assert [each.reason for each in run.exchanges] == (["idle_timeout", "", "idle_timeout"] if planned else [""])
    limit = "limit.idle_timeout"
    assert [each.applied for each in run.exchanges] == ([limit, "", limit] if planned else [""])


def test_a_connection_that_lives_too_long() -> None:
    """A connection's time in all: idle it is closed; in a request it gets 503, or the end, and the record says why."""
    plan = {"limits": {"connection_timeout": "800ms"}}
    with Upstream() as upstream, running(plan, upstream.url) as run:
        upstream.on("/x", hangs())
        status, headers, _ = parts_of(run.ask(GET))
        assert status == 503 and headers["connection"] == "close"
        exchange = run.only()
        assert (exchange.reason, exchange.planned, exchange.applied) == (
            "connection_timeout",
            "",
            "limit.connection_timeout",
        )
        with run.connect() as sock:
            assert sock.recv(1) == b""
        assert refused(run, b"GET / HTTP/1.1\r\nHost: ") == (503, "connection_timeout")
        assert [(each.number, each.request.method, each.applied) for each in run.wait(3)] == [
            (1, "GET", "limit.connection_timeout"),
            (0, "", "limit.connection_timeout"),
            (0, "", "limit.connection_timeout"),
        ]
        assert [each.sent and each.sent.status for each in run.wait(3)] == [503, 0, 503]


def test_a_fault_that_its_connection_does_not_live_to_see() -> None:
    """A fault that has not happened when the connection's time is up is bypassed; one that has is what was applied."""
    limits = {"connection_timeout": "800ms"}
    with running({**FIXED, "limits": limits, "latency": {"fixed": "9s"}, "faults": {"drop": 1}}) as run:
        assert refused(run, GET) == (503, "connection_timeout")
        exchange = run.only()
        assert (exchange.planned, exchange.applied) == ("drop", "limit.connection_timeout")
        assert [each.bypassed for each in run.session.engine.tallies() if each.name == "drop"] == [1]
    with running({**FIXED, "limits": limits, "faults": {"timeout": {"after": "9s"}}}) as run:
        assert refused(run, GET) == (503, "connection_timeout")
        assert (run.only().applied, run.only().reason) == ("timeout", "connection_timeout")


def test_a_body_that_does_not_come() -> None:
    """A body that stops: 408, also where part of it went on already; upstream never has a whole request."""
    wire = Wire(body_idle_timeout_s=0.3)
    with Upstream() as upstream, running({}, upstream.url, wire=wire, records_bodies=False) as run:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"
        assert refused(run, head) == (408, "body_timeout")
        assert run.only().reason == "body_timeout" and upstream.count == 0


def test_an_upstream_that_does_not_answer() -> None:
    """No answer in time: 504; a planned fault is bypassed."""
    with Upstream() as upstream:
        upstream.on("/x", hangs())
        plan = {"faults": {"malformed": 1}}
        with running(plan, upstream.url, wire=Wire(answer_timeout_s=0.3)) as run:
            response = httpx.get(f"{run.url}/x")
            assert response.status_code == 504 and response.json()["error"]["code"] == "upstream_timeout"
            exchange = run.only()
            assert (exchange.applied, exchange.reason) == ("", "upstream_failed")


def test_an_upstream_that_stops_in_a_body() -> None:
    """An answer that does not go on: what there was, and a short end."""
    wire = Wire(body_idle_timeout_s=0.3)
    with Upstream() as upstream, running({}, upstream.url, wire=wire) as run:
        upstream.on("/x", hangs(head=head_of(200, [("Content-Length", "10")]) + b"half"))
        assert run.ask(GET).endswith(b"\r\n\r\nhalf")
        exchange = run.only()
        assert exchange.reason == "upstream_stalled" and exchange.sent is not None and exchange.sent.ended == "fin"
        assert exchange.answer is not None and exchange.answer.body.text == "half"


def test_a_client_that_does_not_read() -> None:
    """A client that takes nothing: memory stays bounded by what the systems buffer, then it is reset."""
    body = b"z" * (64 << 20)
    wire = Wire(body_idle_timeout_s=0.5, record_bytes_max=1000)
    with Upstream() as upstream, running({}, upstream.url, wire=wire) as run:
        upstream.on("/x", plain(200, [], body))
        with run.connect() as sock:
            sock.sendall(GET)
            exchange = run.only()
        assert exchange.reason == "client_stalled" and exchange.sent is not None
        assert exchange.sent.bytes < len(body) and exchange.sent.ended == "rst"


def test_a_connection_to_nowhere() -> None:
    """An upstream whose system does not answer: 502 after the time for a connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as deaf:
        port = deaf.getsockname()[1]
        fill = [socket.socket() for _ in range(6)]
        try:
            for sock in fill:
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", port))
            with running({}, f"http://127.0.0.1:{port}", wire=Wire(connect_timeout_s=0.3)) as run:
                response = httpx.get(run.url)
                assert response.status_code == 502 and response.json()["error"]["code"] == "connect_timeout"
                assert run.only().reason == "connect_timeout"
        finally:
            for sock in fill:
                sock.close()


# The end


def test_stopped_in_the_middle_of_requests() -> None:
    """Stopped, it answers what can be answered in time, ends the rest, and accepts nothing more."""
    go = threading.Event()
    with Upstream() as upstream, ThreadPoolExecutor(2) as pool:
        upstream.on("/soon", slow(go))
        upstream.on("/never", hangs())
        with running({}, upstream.url, wire=Wire(drain_s=2)) as run:
            soon = pool.submit(httpx.get, f"{run.url}/soon")
            never = pool.submit(httpx.get, f"{run.url}/never")
            with run.connect() as idle:
                until(lambda: upstream.count == 2)
                run.stop()
                assert idle.recv(1) == b""
                go.set()
            assert soon.result().status_code == 200 and soon.result().headers["connection"] == "close"
            assert never.result().status_code == 503
            with pytest.raises(OSError):
                run.connect()
        assert sorted(each.reason for each in run.exchanges) == ["", "proxy_stopped"]


def test_nothing_is_left_after_many_kinds_of_ends() -> None:
    """Clients that leave in every state leave no task and no socket behind."""
    with Upstream() as upstream, running({}, upstream.url, wire=Wire(idle_timeout_s=0.5)) as run:
        upstream.on("/x", chunked([b"x" * 100] * 50, gap_s=0.01))
        for data in (
            b"",
            b"GET",
            GET,
            GET[:-2],
            GET + GET[:10],
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
        ):
            for leave in (socket.SHUT_WR, socket.SHUT_RDWR):
                with run.connect() as sock:
                    sock.sendall(data)
                    time.sleep(0.02)
                    sock.shutdown(leave)
        until(lambda: not run.proxy.connections)
        assert run.session.load == 0
