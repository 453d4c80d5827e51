"""What faults do to answers, over real sockets: damage, cuts, closes, and what cannot be done."""

from __future__ import annotations

import gzip
import socket
import time
from typing import Any

import httpx
import pytest

from fozzy.core.exchange import Exchange
from fozzy.faults.http.bodies import cut_at
from fozzy.faults.http.decision import Cut
from tests.chaos.http.harness import Running, running
from tests.chaos.upstream import Upstream, bare, chunked, dies, hangs, head_of, plain, until_closed

JSON = [("Content-Type", "application/json")]
BODY = b'{"a": [1, 2, 3], "b": "some text that is long enough"}'
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\nHost: a\r\n\r\n"


def told(exchange: Exchange) -> tuple[str, str, str]:
    """Planned, applied and reason."""
    return exchange.planned, exchange.applied, exchange.reason


def rest(data: bytes) -> bytes:
    """What follows the head of a raw answer."""
    return data.partition(b"\r\n\r\n")[2]


def until_reset(run: Running, data: bytes) -> bytes:
    """Everything up to a reset, which must come."""
    with run.connect() as sock:
        sock.sendall(data)
        pieces = []
        with pytest.raises(ConnectionResetError):
            while piece := sock.recv(65536):
                pieces.append(piece)
        return b"".join(pieces)


# Malformed


@pytest.mark.parametrize("how", ["invalid-json", "truncate", "bit-flip", "random-bytes"])
@pytest.mark.parametrize("coded", [True, False])
def test_every_damage_has_its_framing(how: str, coded: bool) -> None:
    """Every damage: status 200, the content type, a length that is true, another body, and the same one again."""
    with Upstream() as upstream:
        upstream.on("/", chunked([BODY[:20], BODY[20:]], headers=JSON) if coded else plain(500, JSON, BODY))
        with running({"faults": {"malformed": {"how": how}}}, upstream.url) as run:
            with httpx.Client(base_url=run.url) as client:
                first = client.get("/")
            assert first.status_code == 200 and first.headers["content-type"] == "application/json"
            assert first.content != BODY and told(run.only())[1] == "malformed"
            assert int(first.headers.get("content-length", len(first.content))) == len(first.content)
            if how in ("bit-flip", "random-bytes"):
                assert len(first.content) == len(BODY)
            assert run.only().answer.body.data() == BODY  # type: ignore[union-attr]
        with running({"faults": {"malformed": {"how": how}}}, upstream.url) as again:
            assert httpx.get(again.url).content == first.content


def test_compressed_answers_are_no_json_either() -> None:
    """A compressed body under malformed: the client decodes nothing and finds no JSON."""
    with Upstream() as upstream, running({"faults": {"malformed": 1}}, upstream.url) as run:
        upstream.on("/", plain(200, [*JSON, ("Content-Encoding", "gzip")], gzip.compress(BODY)))
        response = httpx.get(run.url)
        assert response.status_code == 200 and "content-encoding" not in response.headers
        with pytest.raises(ValueError):
            response.json()


@pytest.mark.parametrize("how", ["invalid-json", "bit-flip"])
def test_damage_of_a_body_that_is_not_gathered(how: str) -> None:
    """A body over what is gathered is damaged too, and what is kept of it has a bound."""
    body = b"x" * (9 << 20)
    with Upstream() as upstream, running({"faults": {"malformed": {"how": how}}}, upstream.url) as run:
        upstream.on("/", plain(200, JSON, body))
        response = httpx.get(run.url)
        assert response.content != body and run.only().applied == "malformed"
        assert (len(response.content) == len(body)) == (how == "bit-flip")
        assert run.only().answer.bytes == len(body)  # type: ignore[union-attr]


def test_an_empty_body_becomes_invalid() -> None:
    """204 and an empty body under invalid-json: 200 and a body that is no JSON."""
    with Upstream() as upstream, running({"faults": {"malformed": 1}}, upstream.url) as run:
        upstream.on("/empty", plain(200, JSON, b""))
        upstream.on("/none", bare(head_of(204, [])))
        with httpx.Client(base_url=run.url) as client:
            for path in ("/empty", "/none"):
                response = client.get(path)
                assert response.status_code == 200 and response.content
        assert [each.applied for each in run.wait(2)] == ["malformed"] * 2


@pytest.mark.parametrize("fault", ["malformed", "partial", "disconnect"])
def test_head_has_no_body_to_touch(fault: str) -> None:
    """A fault of the body on HEAD is bypassed, with the reason."""
    said: Any = {"after_bytes": 3} if fault == "disconnect" else {}
    with Upstream() as upstream, running({"faults": {fault: said}}, upstream.url) as run:
        response = httpx.head(run.url)
        assert response.status_code == 200 and int(response.headers["content-length"]) > 0
        assert told(run.only()) == (fault, "", "no_body")
        assert [each.bypassed for each in run.session.engine.tallies()] == [1]


def test_upstream_dies_before_the_damage() -> None:
    """Upstream ends in the middle of a body that was to be damaged: 502, and the fault is bypassed."""
    with Upstream() as upstream, running({"faults": {"malformed": 1}}, upstream.url) as run:
        upstream.on("/", dies(b"{", 100))
        assert httpx.get(run.url).status_code == 502
        assert told(run.only()) == ("malformed", "", "upstream_failed")


# Partial


@pytest.mark.parametrize("coded", [True, False])
@pytest.mark.parametrize("how", ["fin", "rst"])
def test_partial_is_a_definite_short_read(coded: bool, how: str) -> None:
    """A body is cut at the drawn place and the connection ended: what came before is there, no terminator is."""
    with Upstream() as upstream, running({"faults": {"partial": {"how": how}}}, upstream.url) as run:
        upstream.on("/", chunked([BODY]) if coded else plain(200, [], BODY))
        data = run.ask(GET) if how == "fin" else until_reset(run, GET)
        exchange = run.only()
        assert told(exchange) == ("partial", "partial", "") and exchange.sent is not None
        assert exchange.sent.ended == how and exchange.sent.bytes < len(BODY)
        assert not data.endswith(b"0\r\n\r\n")
        assert BODY[: exchange.sent.bytes] in rest(data)
        assert exchange.answer is not None and exchange.answer.body.data() == BODY
        with pytest.raises(httpx.RemoteProtocolError if how == "fin" else httpx.ReadError):
            httpx.get(run.url)


def test_the_cut_is_the_drawn_one() -> None:
    """What is left of a body is what the draw says."""
    with Upstream() as upstream, running({"faults": {"partial": 1}}, upstream.url) as run:
        upstream.on("/", plain(200, [], BODY))
        decisions = []
        decide = run.session.engine.decide
        run.session.engine.decide = lambda *args: decisions.append(decide(*args)) or decisions[-1]  # type: ignore[method-assign, func-returns-value]
        run.ask(GET)
        action = decisions[0].action
        assert isinstance(action, Cut)
        assert run.only().sent.bytes == cut_at(action.draw, len(BODY))  # type: ignore[union-attr]


def test_a_short_body_is_never_a_whole_one_to_http_1_0() -> None:
    """Where the end of the connection would be the end of the body, a cut is a reset, and the record says why."""
    with Upstream() as upstream, running({"faults": {"partial": 1}}, upstream.url) as run:
        upstream.on("/", chunked([BODY, b"more"]))
        until_reset(run, OLD)
        assert run.only().sent.ended == "rst" and run.only().notes  # type: ignore[union-attr]


def test_partial_of_nothing() -> None:
    """An empty body cannot be cut."""
    with Upstream() as upstream, running({"faults": {"partial": 1}}, upstream.url) as run:
        upstream.on("/", plain(200, [], b""))
        assert httpx.get(run.url).status_code == 200
        assert told(run.only()) == ("partial", "", "no_body")


# Disconnect


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_disconnect_after_headers(how: str) -> None:
    """The head is there, and nothing else."""
    with Upstream() as upstream:
        upstream.on("/", plain(200, JSON, BODY))
        plan = {"faults": {"disconnect": {"at": "after-headers", "how": how}}}
        with running(plan, upstream.url) as run:
            data = run.ask(GET) if how == "fin" else until_reset(run, GET)
            assert data.startswith(b"HTTP/1.1 200 OK\r\n") and rest(data) == b"" and b"\r\n\r\n" in data
            exchange = run.only()
            assert told(exchange) == ("disconnect", "disconnect", "after_headers")
            assert exchange.sent is not None and (exchange.sent.status, exchange.sent.bytes) == (200, 0)
            assert upstream.count == 1


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("coded", [True, False])
def test_disconnect_after_bytes(how: str, coded: bool) -> None:
    """Exactly so many bytes of the body arrive."""
    with Upstream() as upstream:
        upstream.on("/", chunked([BODY[:4], BODY[4:]]) if coded else plain(200, [], BODY))
        with running({"faults": {"disconnect": {"after_bytes": 10, "how": how}}}, upstream.url) as run:
            data = run.ask(GET) if how == "fin" else until_reset(run, GET)
            exchange = run.only()
            assert told(exchange) == ("disconnect", "disconnect", "after_bytes")
            assert exchange.sent is not None and exchange.sent.bytes == 10
            got = rest(data) if not coded else b"".join(rest(data).split(b"\r\n")[1::2])
            assert got == BODY[:10]


def test_disconnect_after_chunks() -> None:
    """So many chunks arrive as upstream made them, however they were read, and the answer has no terminator."""
    pieces = [b"one-", b"two-", b"three-", b"four"]
    with Upstream() as upstream, running({"faults": {"disconnect": {"after_chunks": 2}}}, upstream.url) as run:
        raw = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        upstream.on("/", bare(head_of(200, [("Transfer-Encoding", "chunked")]) + raw))
        assert rest(run.ask(GET)) == b"4\r\none-\r\n4\r\ntwo-\r\n"
        assert told(run.only()) == ("disconnect", "disconnect", "after_chunks")
        upstream.on("/", chunked(pieces, gap_s=0.01))
        assert rest(run.ask(GET)) == b"4\r\none-\r\n4\r\ntwo-\r\n"


def test_disconnect_after_a_time() -> None:
    """The connection ends so long after the head, although upstream says nothing then."""
    with Upstream() as upstream, running({"faults": {"disconnect": {"after_time": "150ms"}}}, upstream.url) as run:
        upstream.on("/", hangs(head=head_of(200, [("Content-Length", "9")]) + b"abc"))
        began = time.monotonic()
        assert rest(run.ask(GET)) == b"abc"
        assert 0.15 <= time.monotonic() - began < 5
        assert told(run.only()) == ("disconnect", "disconnect", "after_time")


@pytest.mark.parametrize(("chunks", "time_said", "reason"), [(3, "10s", "after_chunks"), (100, "120ms", "after_time")])
def test_the_first_of_several_limits(chunks: int, time_said: str, reason: str) -> None:
    """Chunks and time both given: whichever is reached first, and the record says which."""
    plan = {"faults": {"disconnect": {"after_chunks": chunks, "after_time": time_said}}}
    with Upstream() as upstream, running(plan, upstream.url) as run:
        upstream.on("/", chunked([b"%d" % n for n in range(30)], gap_s=0.03))
        data = run.ask(GET)
        assert told(run.only()) == ("disconnect", "disconnect", reason)
        assert not data.endswith(b"0\r\n\r\n")


def test_a_limit_that_is_never_reached() -> None:
    """A body that ends before the limit is relayed whole, the connection goes on, and the fault is bypassed."""
    with Upstream() as upstream, running({"faults": {"disconnect": {"after_bytes": 1000}}}, upstream.url) as run:
        upstream.on("/", plain(200, [], BODY))
        upstream.on("/chunks", chunked([BODY]))
        with httpx.Client(base_url=run.url) as client:
            assert client.get("/").content == BODY and client.get("/chunks").content == BODY
        assert [told(each) for each in run.wait(2)] == [("disconnect", "", "stream_ended")] * 2


def test_no_keep_alive_after_a_cut() -> None:
    """What was pipelined behind a request that is cut is not answered."""
    with (
        Upstream() as upstream,
        running({"faults": {"disconnect": {"after_bytes": 1, "first": 1}}}, upstream.url) as run,
    ):
        upstream.on("/", plain(200, [], BODY))
        assert rest(run.ask(GET + GET)) == BODY[:1]
        assert upstream.count == 1


def test_what_was_flushed_before_a_reset_arrives() -> None:
    """A reset behind many bytes does not take them back from a client that reads."""
    body = b"z" * 300_000
    plan = {"faults": {"disconnect": {"after_bytes": 200_000, "how": "rst"}}}
    with Upstream() as upstream, running(plan, upstream.url) as run:
        upstream.on("/", plain(200, [], body))
        assert len(rest(until_reset(run, GET))) == 200_000


# Upstream's own failures


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_upstream_killed_in_a_body(how: str) -> None:
    """Upstream dies in a body: the client gets what had come, then the same end; the record says short."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", dies(b"half", 100, how=how))
        data = run.ask(GET) if how == "fin" else until_reset(run, GET)
        assert rest(data) == b"half"
        exchange = run.only()
        assert exchange.reason == "upstream_short" and exchange.answer is not None and exchange.sent is not None
        assert (exchange.sent.ended, exchange.answer.ended) == (how, "short" if how == "fin" else "rst")
        assert exchange.answer.body.data() == b"half"


def test_chunks_without_an_end_stay_without_one() -> None:
    """Chunks that stop, or that make no sense, are passed on and then the connection ends without a terminator."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", chunked([b"one"], terminated=False))
        assert rest(run.ask(GET)) == b"3\r\none\r\n"
        upstream.on("/", bare(head_of(200, [("Transfer-Encoding", "chunked")]) + b"3\r\none\r\nzz\r\n"))
        assert rest(run.ask(GET)) == b"3\r\none\r\n"
        assert [each.reason for each in run.wait(2)] == ["upstream_short", "upstream_bad_answer"]


def test_a_body_that_ends_with_its_connection() -> None:
    """Such a body is whole: chunked to HTTP/1.1, to HTTP/1.0 as it came."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", until_closed(BODY, JSON))
        with httpx.Client(base_url=run.url) as client:
            assert [client.get("/").content for _ in range(2)] == [BODY] * 2
        old = run.ask(OLD)
        assert rest(old) == BODY and b"connection: close" in old.lower() and b"chunked" not in old
        assert [each.answer.ended for each in run.wait(3) if each.answer] == ["fin"] * 3


def test_a_client_that_reads_no_further() -> None:
    """The client leaves in the middle of an answer: the record says so, upstream's connection ends, nothing is left."""
    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/", chunked([b"x" * 1000] * 100, gap_s=0.01))
        with run.connect() as sock:
            sock.sendall(GET)
            assert sock.recv(100)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        exchange = run.only()
        assert exchange.reason == "client_gone" and exchange.sent is not None
        assert exchange.sent.ended == "client_gone" and exchange.sent.bytes < 100_000
