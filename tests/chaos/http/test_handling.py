"""What is done with one request: the acceptance cases over real sockets, each with the record that it leaves."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from fozzy.chaos.http.wire import Wire
from tests.chaos.http.harness import Running, everything, running, until
from tests.chaos.upstream import Upstream, bare, closes, plain, slow, sse

FIXTURE = {"path": "/fixed", "answer": {"json": {"ok": True}}}
GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


def parts_of(data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in small letters and body of a raw answer."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rows = head.decode("latin-1").split("\r\n")
    pairs = [row.partition(": ") for row in rows]
    return int(first.split(" ")[1]), {name.lower(): value for name, _, value in pairs}, body


def refuses_json(response: httpx.Response) -> bool:
    """Whether a body is no JSON."""
    try:
        response.json()
    except ValueError:
        return True
    return False


# A. Resolution and rolls, as a client sees them


def test_without_chaos_nothing_is_rolled() -> None:
    """No chaos configured: always upstream's answer, and no roll in the record."""
    with Upstream() as upstream, running({}, upstream.url) as run, httpx.Client(base_url=run.url) as client:
        assert [client.get(f"/{n}").status_code for n in range(5)] == [200] * 5
        assert all(each.rolls == [] and each.planned == "" for each in run.wait(5))


def test_drop_on_a_route_is_recorded_with_it() -> None:
    """A drop on a route with an answer: 500 with the code, and the record names the route and its slot."""
    with running({"faults": {"drop": 1}, "routes": [FIXTURE]}) as run:
        response = httpx.get(f"{run.url}/fixed")
        assert response.status_code == 500 and response.json()["error"]["code"] == "chaos_drop"
        exchange = run.only()
        assert (exchange.at, exchange.source, exchange.planned, exchange.applied) == (
            "routes[0]",
            "fixture",
            "drop",
            "drop",
        )


def test_zero_probabilities_do_nothing() -> None:
    """Faults at probability 0, twenty requests at once: all are answered."""
    plan = {"faults": {"drop": 0, "malformed": 0, "disconnect": 0}}
    with Upstream() as upstream, running(plan, upstream.url) as run, ThreadPoolExecutor(20) as pool:
        assert set(pool.map(lambda n: httpx.get(f"{run.url}/{n}").status_code, range(20))) == {200}
        assert all(each.rolls == [] for each in run.wait(20))


def test_the_first_hit_of_a_cascade_wins() -> None:
    """Drop, malformed and disconnect at 1: drop."""
    with Upstream() as upstream, running({"faults": {"drop": 1, "malformed": 1, "disconnect": 1}}, upstream.url) as run:
        assert httpx.get(run.url).status_code == 500
        assert run.only().applied == "drop" and upstream.count == 0


def test_a_route_adds_to_the_server() -> None:
    """Drop 0 of the server, malformed 1 of the route: 200 and a body that is no JSON."""
    plan = {"faults": {"drop": 0}, "routes": [{**FIXTURE, "faults": {"malformed": 1}}]}
    with running(plan) as run:
        response = httpx.get(f"{run.url}/fixed")
        assert response.status_code == 200 and response.headers["content-type"] == "application/json"
        assert refuses_json(response) and run.only().applied == "malformed"


def test_headers_win_over_the_route() -> None:
    """Malformed 1 of the route, malformed 0 and disconnect 1 of the headers: closed without a byte."""
    with running({"routes": [{**FIXTURE, "faults": {"malformed": 1}}]}) as run:
        said = b"X-Fozzy-Chaos-Malformed: 0\r\nX-AIMock-Chaos-Disconnect: 1\r\n"
        assert run.ask(b"GET /fixed HTTP/1.1\r\nHost: a\r\n" + said + b"\r\n") == b""
        exchange = run.only()
        assert exchange.applied == "disconnect" and exchange.sent is not None and exchange.sent.status == 0


def test_headers_are_merged_field_by_field() -> None:
    """Latency and drop of the server, drop 0 of a header: the latency stays."""
    plan = {"latency": {"fixed": "80ms"}, "faults": {"drop": 1}}
    with Upstream() as upstream, running(plan, upstream.url) as run:
        began = time.monotonic()
        assert httpx.get(run.url, headers={"X-Fozzy-Chaos-Drop": "0"}).status_code == 200
        assert time.monotonic() - began >= 0.08
        exchange = run.only()
        assert exchange.delay_ns == 80_000_000 and exchange.waited_ns >= 80_000_000


def test_chaos_of_one_route_leaves_the_other_alone() -> None:
    """Two routes, chaos on one of them."""
    plan = {"routes": [{"path": "/a", "faults": {"drop": 1}}, {"path": "/b"}]}
    with Upstream() as upstream, running(plan, upstream.url) as run:
        assert httpx.get(f"{run.url}/a").status_code == 500
        assert httpx.get(f"{run.url}/b").status_code == 200


def test_a_dropped_call_uses_up_its_slot() -> None:
    """Answers in sequence: a dropped call takes one, so the next gets the second."""
    plan = {"routes": [{"path": "/", "answers": [{"text": "first"}, {"text": "second"}]}]}
    with running(plan) as run, httpx.Client(base_url=run.url) as client:
        assert client.get("/", headers={"X-Fozzy-Chaos-Drop": "1"}).status_code == 500
        assert [client.get("/").text for _ in range(2)] == ["second", "second"]
        assert [each.slot for each in run.wait(3)] == [0, 1, 1]


def test_a_wrong_header_is_refused() -> None:
    """A chaos header that makes no sense: 400 that says why, no roll, and the connection goes on."""
    with Upstream() as upstream, running({}, upstream.url) as run, httpx.Client(base_url=run.url) as client:
        response = client.post("/", headers={"X-Fozzy-Chaos-Drop": "banana"}, content=b"x" * 100_000)
        assert response.status_code == 400 and "banana" in response.json()["error"]["message"]
        assert client.get("/").status_code == 200
        first, second = run.wait(2)
        assert first.reason == "chaos_header" and first.rolls == [] and second.reason == ""
        assert upstream.count == 1


def test_a_wrong_header_is_ignored_where_nobody_is_strict() -> None:
    """Not strict: the header is ignored and the record says so."""
    with Upstream() as upstream, running({}, upstream.url, strict=False) as run:
        assert httpx.get(run.url, headers={"X-Fozzy-Chaos-Drop": "2.0"}).status_code == 200
        assert any("ignored" in note for note in run.only().notes)


def test_a_body_that_is_no_json_is_a_body() -> None:
    """An unparsable body is nobody's business: it is relayed, and chaos applies as ever."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        assert httpx.post(run.url, content=b'{"a": ').json()["body"] == '{"a": '
        assert httpx.post(run.url, content=b'{"a": ', headers={"X-Fozzy-Chaos-Drop": "1"}).status_code == 500


def test_the_same_seed_decides_the_same() -> None:
    """The same requests under the same seed, once in a row and once at the same time: the same decision for each."""
    plan = {"faults": {"drop": 0.3, "malformed": 0.3, "status": {"codes": [502, 503], "probability": 0.3}}}

    def decisions(workers: int) -> dict[tuple[str, int], tuple[Any, ...]]:
        with Upstream() as upstream, running(plan, upstream.url) as run, ThreadPoolExecutor(workers) as pool:
            with httpx.Client(base_url=run.url) as client:
                list(pool.map(lambda n: client.post(f"/{n % 7}", content=str(n % 11)), range(150)))
            return {
                (each.key, each.occurrence): (each.planned, each.applied, tuple(each.rolls)) for each in run.wait(150)
            }

    serial = decisions(1)
    assert len(serial) == 150 and len(Counter(planned for planned, _, _ in serial.values())) == 4
    assert decisions(8) == serial


# B. Actions through the proxy


def test_drop_does_not_ask_upstream() -> None:
    """A request for upstream that is dropped: 500, upstream is not contacted, the source is the proxy."""
    with Upstream() as upstream, running({"faults": {"drop": 1}}, upstream.url) as run:
        response = httpx.post(run.url, content=b"hello")
        assert response.status_code == 500 and upstream.count == 0 and upstream.opened == 0
        exchange = run.only()
        assert exchange.source == "proxy" and exchange.answer is None
        assert exchange.request.body.text == "hello"


def test_disconnect_gives_no_byte() -> None:
    """A disconnect: the connection is closed, upstream is not contacted, the record has status 0."""
    with Upstream() as upstream, running({"faults": {"disconnect": 1}}, upstream.url) as run:
        assert run.ask(GET) == b""
        exchange = run.only()
        assert exchange.sent is not None and (exchange.sent.status, exchange.sent.ended) == (0, "fin")
        assert upstream.opened == 0


@pytest.mark.parametrize("at", ["accept", "before-response"])
def test_fin_and_rst_are_told_apart(at: str) -> None:
    """A disconnect by RST is a reset to the client, one by FIN is an end, also where a body was not read."""
    body = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    with running({"faults": {"disconnect": {"how": "rst", "at": at}}, "upstream": "http://127.0.0.1:1"}) as run:
        with run.connect() as sock, pytest.raises(ConnectionResetError):
            sock.sendall(body)
            everything(sock)
        assert run.only().sent.ended == "rst"  # type: ignore[union-attr]
    with running({"faults": {"disconnect": {"how": "fin", "at": at}}, "upstream": "http://127.0.0.1:1"}) as run:
        assert run.ask(body) == b""
        assert run.only().sent.ended == "fin"  # type: ignore[union-attr]


def test_connection_error_is_a_reset() -> None:
    """A connection error: RST before a byte, upstream is not contacted."""
    with Upstream() as upstream, running({"faults": {"connection_error": 1}}, upstream.url) as run:
        with pytest.raises(ConnectionResetError):
            run.ask(GET)
        assert run.only().applied == "connection_error" and upstream.opened == 0


def test_malformed_asks_upstream_once() -> None:
    """Malformed: upstream is asked exactly once, the client gets 200 and no JSON, the record has upstream's truth."""
    with Upstream() as upstream, running({"faults": {"malformed": 1}}, upstream.url) as run:
        upstream.on("/x", plain(429, [("Content-Type", "application/json")], b'{"error": 1}'))
        response = httpx.get(f"{run.url}/x")
        assert response.status_code == 200 and refuses_json(response)
        assert response.headers["content-type"] == "application/json"
        assert int(response.headers["content-length"]) == len(response.content)
        exchange = run.only()
        assert upstream.count == 1 and exchange.applied == "malformed" and exchange.at == ""
        assert exchange.answer is not None and exchange.answer.status == 429
        assert exchange.answer.body.text == '{"error": 1}'


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, [("Content-Type", "application/json")], b'{"unknown": {"shape": [1, null]}}'),
        (429, [("Retry-After", "7"), ("Content-Type", "text/plain")], b"slow down"),
        (500, [("Content-Type", "text/html; charset=x")], b"<b>no</b>"),
        (404, [("X-Odd", "a, b"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], b""),
        (418, [], bytes(range(256))),
    ],
)
def test_without_chaos_the_answer_is_upstreams(status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    """Status, headers and body are the same at the client, byte for byte."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", plain(status, headers, body, "Because I Say So"))
        response = httpx.get(run.url)
        assert (response.status_code, response.reason_phrase, response.content) == (status, "Because I Say So", body)
        own = [(name.lower(), value) for name, value in headers]
        assert [pair for pair in response.headers.multi_items() if pair[0] != "content-length"] == own


def test_rate_limit_fault() -> None:
    """A rate limit by chance: 429 with its code and Retry-After."""
    with Upstream() as upstream, running({"faults": {"rate_limit": 1}}, upstream.url) as run:
        response = httpx.get(run.url)
        assert response.status_code == 429 and response.headers["retry-after"] == "1"
        assert response.json()["error"]["code"] == "chaos_ratelimit"
        assert run.only().applied == "rate_limit"
        sent = run.only().sent
        assert sent is not None and str(sent.retry_after_s) == response.headers["retry-after"]


def test_a_drop_comes_after_the_delay() -> None:
    """Latency and drop: 500, no earlier than the latency."""
    with running({"latency": {"fixed": "100ms"}, "faults": {"drop": 1}, "routes": [FIXTURE]}) as run:
        began = time.monotonic()
        assert httpx.get(f"{run.url}/fixed").status_code == 500
        assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_a_client_that_leaves_in_a_delay(how: str) -> None:
    """The client leaves during an injected delay: upstream is not contacted and the record says so."""
    plan = {"latency": {"fixed": "20s"}, "faults": {"malformed": 1}}
    with Upstream() as upstream, running(plan, upstream.url) as run:
        with run.connect() as sock:
            sock.sendall(GET)
            until(lambda: run.session.load == 1)
            if how == "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            if how == "half":
                sock.shutdown(socket.SHUT_WR)
                assert run.only()
        exchange = run.only()
        assert exchange.reason == "client_gone" and exchange.sent is not None and exchange.sent.ended == "client_gone"
        assert (exchange.planned, exchange.applied) == ("malformed", "")
        assert 0 < exchange.waited_ns < exchange.delay_ns
        assert upstream.opened == 0
        assert [each.bypassed for each in run.session.engine.tallies() if each.name == "malformed"] == [1]


def test_pipelined_bytes_do_not_hide_that_a_client_left() -> None:
    """A second request behind the one that is delayed is kept; the end behind it is still seen."""
    with Upstream() as upstream, running({"latency": {"fixed": "20s"}}, upstream.url) as run:
        with run.connect() as sock:
            sock.sendall(GET + GET)
            until(lambda: run.session.load == 1)
        assert run.only().reason == "client_gone"


def test_what_goes_on_to_upstream() -> None:
    """Hop-by-hop and control headers stay here; authorization and custom ones go on, in order and as spelled."""
    own = [("AuthorizatioN", "Bearer s"), ("X-Custom", "1"), ("x-custom", "2"), ("X-Forwarded-For", "9.9.9.9")]
    hop = [
        ("Connection", "keep-alive, X-Named"),
        ("X-Named", "1"),
        ("Keep-Alive", "1"),
        ("TE", "trailers"),
        ("Proxy-Authorization", "x"),
        ("Proxy-Connection", "y"),
        ("X-Fozzy-Chaos-Drop", "0"),
        ("X-Fozzy-Anything", "0"),
        ("X-AIMock-Chaos-Drop", "0"),
        ("X-Test-Id", "t1"),
        ("Upgrade", "nothing"),
    ]
    rows = "".join(
        f"{name}: {value}\r\n" for pair in zip(hop, [*own, *own, *own], strict=False) for name, value in pair
    )
    with Upstream() as upstream, running({}, upstream.url) as run:
        run.ask(f"GET /p?q=1 HTTP/1.1\r\nHost: client.test\r\n{rows}Connection: close\r\n\r\n".encode())
        asked = upstream.requests[0]
        assert asked.target == "/p?q=1" and asked.version == "1.1"
        assert asked.headers == [("Host", upstream.url.removeprefix("http://")), *own, *own, *own[:3]]
        exchange = run.only()
        assert exchange.test == "t1" and ("X-Named", "1") in exchange.request.headers


def test_what_comes_back_to_the_client() -> None:
    """Headers of upstream's hop stay there too."""
    head = b"HTTP/1.1 200 OK\r\nConnection: close, X-Named\r\nX-Named: 1\r\nKeep-Alive: 5\r\nVia: 1.0 x\r\n"
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", bare(head + b"Content-Length: 2\r\n\r\nok", keep=False))
        response = httpx.get(run.url)
        assert dict(response.headers) == {"via": "1.0 x", "content-length": "2"} and response.text == "ok"


def test_status_override() -> None:
    """Upstream is asked once and its 200 recorded; the client sees 503 with upstream's body, or with another."""
    with Upstream() as upstream:
        upstream.on("/", plain(200, [("Content-Type", "application/json")], b'{"a": 1}'))
        with running({"faults": {"status_override": {"status": 503}}}, upstream.url) as run:
            response = httpx.get(run.url)
            assert (response.status_code, response.content) == (503, b'{"a": 1}')
            exchange = run.only()
            assert upstream.count == 1 and exchange.answer is not None and exchange.answer.status == 200
            assert exchange.sent is not None and exchange.sent.status == 503
        with running({"faults": {"status_override": {"status": 503, "body": "no"}}}, upstream.url) as run:
            response = httpx.get(run.url)
            assert (response.status_code, response.content) == (503, b"no")
            assert run.only().answer.body.text == '{"a": 1}'  # type: ignore[union-attr]


def test_override_of_an_endless_stream_with_a_body() -> None:
    """A status override with a body of its own does not wait for upstream's stream to end."""
    with Upstream() as upstream:
        upstream.on("/", sse([str(n) for n in range(20)], gap_s=0.1))
        plan = {"faults": {"status_override": {"status": 502, "body": "no"}}}
        with running(plan, upstream.url) as run, run.connect() as sock:
            sock.sendall(GET.replace(b"/x", b"/"))
            got = b""
            while not got.endswith(b"\r\n\r\nno"):
                got += sock.recv(65536)
            assert not run.exchanges  # upstream still streams


# Upstream fails


def test_upstream_down() -> None:
    """Upstream down: 502 with its code, one record, source proxy, no action; a planned fault is bypassed."""
    with running({"faults": {"malformed": 1}}, "http://127.0.0.1:1") as run:
        response = httpx.get(run.url)
        assert response.status_code == 502 and response.json()["error"]["code"] == "upstream_unreachable"
        exchange = run.only()
        assert (exchange.source, exchange.planned, exchange.applied) == ("proxy", "malformed", "")
        assert exchange.reason == "upstream_failed" and exchange.answer is None


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_upstream_that_says_nothing(how: str) -> None:
    """Upstream closes without an answer: 502."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", closes(how))
        response = httpx.post(run.url)
        assert response.status_code == 502 and response.json()["error"]["code"] == "upstream_closed"
        assert run.only().reason == "upstream_closed" and upstream.count == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
def test_upstream_that_makes_no_sense(answer: bytes) -> None:
    """An answer that is no HTTP, is ambiguous or too large: 502."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", bare(answer))
        response = httpx.get(run.url)
        assert response.status_code == 502 and response.json()["error"]["code"] == "upstream_bad_answer"
        assert run.only().reason == "upstream_bad_answer"


def test_no_route_and_no_upstream() -> None:
    """Nobody to ask: 404 from the proxy itself, and no roll."""
    with running({"faults": {"drop": 1}, "routes": [FIXTURE]}) as run, httpx.Client(base_url=run.url) as client:
        response = client.post("/elsewhere", content=b"x" * 200_000)
        assert response.status_code == 404 and response.json()["error"]["code"] == "no_route"
        exchange = run.only()
        assert exchange.source == "internal" and exchange.rolls == [] and exchange.reason == "no_route"
        assert client.get("/fixed").status_code == 500


def test_a_route_with_an_upstream_of_its_own() -> None:
    """A route's upstream is asked instead of the default, with the path of its URL before the request's."""
    with Upstream() as one, Upstream() as other:
        plan = {"routes": [{"path": "/other/*", "upstream": f"{other.url}/base"}]}
        with running(plan, one.url) as run:
            httpx.get(f"{run.url}/other/x?y")
            httpx.get(f"{run.url}/one")
        assert [each.target for each in other.requests] == ["/base/other/x?y"]
        assert [each.target for each in one.requests] == ["/one"]


# Limits, holds


def test_timeout_fault() -> None:
    """A timeout fault: 504 not before its time, upstream is not contacted."""
    plan = {"faults": {"timeout": {"after": "150ms"}}}
    with Upstream() as upstream, running(plan, upstream.url) as run:
        began = time.monotonic()
        response = httpx.get(run.url)
        assert time.monotonic() - began >= 0.15
        assert response.status_code == 504 and response.json()["error"]["code"] == "chaos_timeout"
        assert upstream.opened == 0 and run.only().applied == "timeout"


def test_hang_until_the_client_leaves() -> None:
    """A timeout that hangs: nothing comes until the client leaves, and the record says that it did."""
    with running({"faults": {"timeout": {"hang": True}}, "routes": [FIXTURE]}) as run:
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{run.url}/fixed", timeout=0.2)
        exchange = run.only()
        assert exchange.applied == "timeout" and exchange.sent is not None
        assert (exchange.sent.status, exchange.sent.ended) == (0, "client_gone")


@pytest.mark.parametrize(("how", "status"), [("408", 408), ("reset", 0), ("hang", 0)])
def test_loss(how: str, status: int) -> None:
    """A lost request is answered with 408, reset, or never."""
    with Upstream() as upstream, running({"limits": {"loss": {"as": how, "probability": 1}}}, upstream.url) as run:
        try:
            assert httpx.get(run.url, timeout=0.2 if how == "hang" else 20).status_code == status
        except (httpx.ReadError, httpx.ReadTimeout):
            assert status == 0
        exchange = run.only()
        assert exchange.applied == "loss" and exchange.sent is not None and exchange.sent.status == status
        assert upstream.opened == 0


def test_half_the_requests_lost() -> None:
    """Loss 50 %: about half, exactly the same ones under the same seed; none where chaos is off."""
    plan = {"limits": {"loss": {"as": "408", "probability": 0.5}}, "routes": [{"path": "*", "answer": {}}]}

    def statuses(plan: dict[str, Any]) -> list[int]:
        with running(plan) as run, httpx.Client(base_url=run.url) as client:
            return [client.get(f"/{n}").status_code for n in range(200)]

    first = statuses(plan)
    assert 60 < first.count(408) < 140 and first == statuses(plan)
    assert set(statuses({**plan, "enabled": False})) == {200}


def test_rate_and_route_limits() -> None:
    """Two pass, the third is refused with the time it takes; another route has a bucket of its own."""
    plan = {
        "limits": {"route": {"rate": "1/h", "burst": 2}},
        "routes": [{"path": "/a", "answer": {}}, {"path": "/b", "answer": {}}],
    }
    with running(plan) as run, httpx.Client(base_url=run.url) as client:
        answers = [client.get("/a") for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert 3500 < int(answers[2].headers["retry-after"]) <= 3600
        assert client.get("/b").status_code == 200
        assert [each.applied for each in run.wait(4)] == ["", "", "limit.rate", ""]


def test_concurrency() -> None:
    """One request at a time: another one meanwhile gets 503, and the next one after it passes."""
    go = threading.Event()
    with Upstream() as upstream, ThreadPoolExecutor(1) as pool:
        upstream.on("/slow", slow(go))
        with running({"limits": {"concurrency": 1}}, upstream.url) as run:
            first = pool.submit(httpx.get, f"{run.url}/slow")
            until(lambda: upstream.heads == 1)
            assert httpx.get(run.url).status_code == 503
            go.set()
            assert first.result().status_code == 200
            assert httpx.get(run.url).status_code == 200
            assert sorted(each.load for each in run.wait(3)) == [0, 0, 1]


def test_a_body_longer_than_is_recorded() -> None:
    """A body over the record limit is relayed whole, and the record says that it is not there."""
    body = bytes(range(256)) * 2000
    with Upstream() as upstream, running({}, upstream.url, wire=Wire(record_bytes_max=1000)) as run:
        upstream.on("/", plain(200, [], body))
        assert httpx.post(run.url, content=body).content == body
        assert upstream.requests[0].body == body
        exchange = run.only()
        assert exchange.not_recorded and exchange.request.bytes == len(body)
        assert exchange.answer is not None and exchange.answer.bytes == len(body)
        assert not exchange.answer.body.data() and not exchange.request.body.data()


def test_evidence_headers() -> None:
    """Where the plan wants it, answers say what was done to them."""
    plan = {"evidence_headers": True, "latency": {"fixed": "1ms"}, "faults": {"drop": {"every": 2}}}
    with Upstream() as upstream, running(plan, upstream.url) as run, httpx.Client(base_url=run.url) as client:
        late, dropped = client.get("/"), client.get("/")
        assert late.headers["x-fozzy-chaos"].startswith("latency; number=1; key=")
        assert "delay=1ms" in late.headers["x-fozzy-chaos"]
        assert dropped.headers["x-fozzy-chaos"].startswith("drop; number=2; key=")
        assert client.get("/", headers={"X-Fozzy-Chaos-Latency": "0"}).headers["x-fozzy-chaos"].startswith("none; ")


def test_a_change_applies_to_the_next_request(proxied: Running) -> None:
    """Chaos turned on and off while it runs."""
    from fozzy.faults.http import control

    with httpx.Client(base_url=proxied.url) as client:
        assert client.get("/").status_code == 500
        session = proxied.session
        proxied.on_loop(lambda: session.change(control.disable(session.engine.state), "disable"))
        assert client.get("/").status_code == 200
        proxied.on_loop(lambda: session.change(control.enable(session.engine.state), "enable"))
        assert client.get("/").status_code == 500


@pytest.fixture
def proxied() -> Any:
    with Upstream() as upstream, running({"faults": {"drop": 1}}, upstream.url) as run:
        yield run


def test_bandwidth_is_shared() -> None:
    """A body takes its time at 1,000 bytes a second, and four at once take no less together."""
    with Upstream() as upstream, ThreadPoolExecutor(4) as pool:
        upstream.on("/", plain(200, [], b"x" * 500))
        upstream.on("/quarter", plain(200, [], b"x" * 125))
        with running({"limits": {"bandwidth": "1KB/s"}}, upstream.url) as run:
            began = time.monotonic()
            assert httpx.get(run.url).content == b"x" * 500
            alone_s = time.monotonic() - began
            began = time.monotonic()
            found = list(pool.map(lambda _: httpx.get(f"{run.url}/quarter").content, range(4)))
            assert found == [b"x" * 125] * 4
            assert alone_s >= 0.45 and time.monotonic() - began >= 0.45


def test_a_paced_body_flows() -> None:
    """A body at a pace comes in slices and not all at its end."""
    with Upstream() as upstream, running({"limits": {"bandwidth": "1KB/s"}}, upstream.url) as run:
        upstream.on("/", plain(200, [], b"x" * 300))
        with httpx.stream("GET", run.url) as response:
            assert len([piece for piece in response.iter_raw() if piece]) >= 3
