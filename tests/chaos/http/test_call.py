"""Requests to upstream, over real sockets: kept connections that were closed, bodies that are sent on while they come."""

from __future__ import annotations

import socket
import time

import httpx
import pytest

from fozzy.chaos.http import pool
from fozzy.chaos.http.wire import Wire
from fozzy.core.exchange import Headers
from fozzy.faults.http.decision import Decision
from tests.chaos.http.harness import everything, running, until
from tests.chaos.http.test_handling import parts_of
from tests.chaos.upstream import Line, Request, Upstream, bare, closes, head_of, plain


def test_a_kept_connection_that_upstream_closed() -> None:
    """Upstream closes what is idle: the next request, whatever it is, goes over a new connection and arrives once."""
    with Upstream() as upstream, running({}, upstream.url) as run, httpx.Client(base_url=run.url) as client:
        for method in ("GET", "POST", "POST"):
            assert client.request(method, "/").status_code == 200
            upstream.cut()
            until(lambda: all(not line.end.is_clean() for kept in run.proxy.pool._kept.values() for line, _ in kept))
        assert upstream.count == 3 and upstream.opened == 3
        assert [each.notes for each in run.wait(3)] == [[]] * 3


@pytest.mark.parametrize(("method", "count", "status"), [("GET", 3, 200), ("POST", 2, 502)])
def test_a_request_that_meets_the_end(method: str, count: int, status: int) -> None:
    """Upstream closes a kept connection when the next request is there: GET is sent again, POST never."""
    with Upstream() as upstream, running({}, upstream.url) as run, httpx.Client(base_url=run.url) as client:
        seen: list[int] = []

        def once(request: Request, line: Line) -> bool:
            seen.append(request.connection)
            if len(seen) == 2:
                return False
            return plain(200, [], b"")(request, line)

        upstream.on("/", once)
        assert client.request(method, "/").status_code == 200
        assert client.request(method, "/").status_code == status
        assert upstream.count == count
        exchange = run.wait(2)[1]
        assert bool(exchange.notes and "sent again" in exchange.notes[0]) == (method == "GET")


def test_a_new_connection_is_not_tried_twice() -> None:
    """Upstream that closes every connection without an answer is asked once for each request."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", closes())
        assert httpx.get(run.url).status_code == 502 and upstream.count == 1


def test_what_must_not_be_done_twice_takes_a_fresh_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A POST does not go over a connection that was idle for long; a GET does."""
    monkeypatch.setattr(pool, "FRESH_NS", 0)
    with Upstream() as upstream, running({}, upstream.url) as run, httpx.Client(base_url=run.url) as client:
        for method, opened in (("GET", 1), ("GET", 1), ("POST", 2), ("GET", 2)):
            client.request(method, "/")
            assert upstream.opened == opened


@pytest.mark.parametrize("coded", [True, False])
def test_a_body_is_sent_on_while_it_comes(coded: bool) -> None:
    """A large body reaches upstream as it was framed; with chaos off it is not waited for."""
    with Upstream() as upstream, running({}, upstream.url, records_bodies=False) as run, run.connect() as sock:
        framing = b"Transfer-Encoding: chunked\r\n" if coded else b"Content-Length: 6\r\n"
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n" + (b"3\r\nabc\r\n" if coded else b"abc"))
        until(lambda: upstream.heads == 1)
        assert upstream.count == 0
        sock.sendall(b"3\r\ndef\r\n0\r\nX-T: u\r\n\r\n" if coded else b"def")
        assert parts_of(sock.recv(65536))[0] == 200
        asked = upstream.requests[0]
        assert asked.body == b"abcdef" and asked.trailers == ([("X-T", "u")] if coded else [])
        assert asked.header("transfer-encoding") == ("chunked" if coded else None)


@pytest.mark.parametrize("coded", [True, False])
def test_a_large_body_both_ways(coded: bool) -> None:
    """Megabytes up and down, byte for byte, and the connections are kept."""
    body = bytes(range(256)) * 20_000
    with Upstream() as upstream, running({}, upstream.url) as run, httpx.Client(base_url=run.url) as client:

        def back(request: Request, line: Line) -> bool:
            return plain(200, [], request.body)(request, line)

        upstream.on("/", back)
        for _ in range(2):
            content = (body[at : at + 50_000] for at in range(0, len(body), 50_000)) if coded else body
            assert client.post("/", content=content).content == body
        assert upstream.count == 2 and all(each.request.bytes == len(body) for each in run.wait(2))


def test_an_answer_before_the_body_has_come() -> None:
    """Upstream answers early and closes: the client gets that answer although its body is not read to the end."""

    def early(request: Request, line: Line) -> bool:
        line.send(head_of(403, [("Content-Length", "2"), ("Connection", "close")], "No") + b"no")
        return False

    with Upstream() as upstream, running({}, upstream.url, records_bodies=False) as run, run.connect() as sock:
        upstream.on("early:/", early)
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 100)
        status, headers, body = parts_of(everything(sock))
        assert (status, headers["connection"], body) == (403, "close", b"no")
        assert run.only().reason == ""


def test_a_client_that_leaves_in_its_body() -> None:
    """The client goes away while it sends: upstream never has a whole request, and the record says so."""
    with Upstream() as upstream, running({}, upstream.url, records_bodies=False) as run:
        with run.connect() as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
            until(lambda: upstream.heads == 1)
        assert run.only().reason == "client_gone" and upstream.count == 0


def test_interim_answers_are_passed_on() -> None:
    """103 goes to a client of HTTP/1.1 before the answer, and not to one of HTTP/1.0; 100 is said by us alone."""
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", bare(hints + head_of(200, [("Content-Length", "2")]) + b"ok"))
        new = run.ask(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert new.startswith(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n")
        assert run.ask(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")


def test_bandwidth_up() -> None:
    """A body goes up at its pace."""
    with Upstream() as upstream, running({"limits": {"bandwidth": {"up": "10KB/s"}}}, upstream.url) as run:
        began = time.monotonic()
        assert httpx.post(run.url, content=b"x" * 3000).status_code == 200
        assert time.monotonic() - began >= 0.25 and upstream.requests[0].body == b"x" * 3000


def test_who_has_a_say_in_headers() -> None:
    """The session may change what upstream gets as headers; framing and host stay ours."""

    def outgoing(headers: Headers, decision: Decision) -> Headers:
        return [*headers, ("traceparent", f"number-{decision.number}")]

    with Upstream() as upstream, running({}, upstream.url) as run:
        run.session.outgoing = outgoing
        httpx.post(run.url, content=b"abc", headers={"X-Own": "1"})
        asked = upstream.requests[0]
        assert asked.header("traceparent") == "number-1" and asked.header("x-own") == "1" and asked.body == b"abc"


def test_many_addresses() -> None:
    """A name with several addresses is reached at the one that answers."""
    with Upstream() as upstream, running({}, f"http://localhost:{upstream.port}") as run:
        assert httpx.get(run.url).status_code == 200
        assert upstream.requests[0].header("host") == f"localhost:{upstream.port}"


def test_a_name_that_does_not_exist() -> None:
    """502, which says so."""
    with running({}, "http://name.invalid") as run:
        response = httpx.get(run.url)
        assert response.status_code == 502 and "name.invalid" in response.json()["error"]["message"]


def test_upstream_does_not_read() -> None:
    """An upstream that accepts and reads nothing: 504 once it has not taken a byte for long, and the client is told."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        wire = Wire(body_idle_timeout_s=0.4)
        with running({}, f"http://127.0.0.1:{deaf.getsockname()[1]}", wire=wire, records_bodies=False) as run:
            response = httpx.post(run.url, content=b"x" * (32 << 20))
            assert response.status_code == 504 and run.only().reason == "upstream_timeout"
