"""Answers that are there already: of routes, of faults, of cassettes; over real sockets where framing matters."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx
import pytest

from fozzy.chaos.cassette.serving import Found, Miss
from fozzy.chaos.http.ready import Ready, given, reason_of, recorded
from fozzy.chaos.http.refusals import UpstreamFailed
from fozzy.core.blob import Blob
from fozzy.core.exchange import Answered
from fozzy.faults.http.decision import Decision, Give, Seen
from tests.chaos.http.harness import running
from tests.chaos.http.memory import done
from tests.chaos.http.test_handling import parts_of
from tests.chaos.upstream import Upstream


def answers(answer: dict[str, Any], method: str = "GET") -> httpx.Response:
    """What a client gets of a route's answer."""
    with running({"routes": [{"path": "*", "answer": answer}]}) as run:
        response = httpx.request(method, run.url)
        exchange = run.only()
        assert exchange.source == "fixture" and exchange.answer is not None
        if method != "HEAD":
            assert exchange.answer.body.data() == response.content
        return response


@pytest.mark.parametrize(
    ("answer", "content_type", "body"),
    [
        ({"json": {"a": [1, None]}}, "application/json", b'{"a":[1,null]}'),
        ({"json": None}, "application/json", b"null"),
        ({"text": "häh"}, "text/plain; charset=utf-8", "häh".encode()),
        ({"base64": base64.b64encode(b"\0\xff").decode()}, "application/octet-stream", b"\0\xff"),
        ({"events": ["a", {"b": 1}]}, "text/event-stream", b'data: a\n\ndata: {"b":1}\n\n'),
        ({"lines": [{"a": 1}, "x"]}, "application/x-ndjson", b'{"a":1}\nx\n'),
    ],
)
def test_every_kind_of_answer(answer: dict[str, Any], content_type: str, body: bytes) -> None:
    """Status, content type and body; a stream is chunked, anything else has its length."""
    response = answers({"status": 201, **answer})
    assert (response.status_code, response.headers["content-type"], response.content) == (201, content_type, body)
    assert ("transfer-encoding" in response.headers) == ("events" in answer or "lines" in answer)


def test_answers_without_a_body() -> None:
    """No body has length 0, 204 has none, HEAD has the length of what GET would get."""
    assert answers({"status": 503}).headers["content-length"] == "0"
    assert "content-length" not in answers({"status": 204}).headers
    head = answers({"text": "hello"}, "HEAD")
    assert head.headers["content-length"] == "5" and head.content == b""


def test_own_headers() -> None:
    """They go as they are, and a content type of one's own wins."""
    response = answers({"json": {}, "headers": {"Content-Type": "application/problem+json", "X-A": "b"}})
    assert response.headers["content-type"] == "application/problem+json" and response.headers["x-a"] == "b"


def test_delay_and_pace() -> None:
    """A delay before the answer, and time between two events."""
    began = time.monotonic()
    answers({"text": "x", "delay": "150ms"})
    assert time.monotonic() - began >= 0.15
    with running({"routes": [{"path": "*", "answer": {"events": ["a", "b", "c"], "pace": "60ms"}}]}) as run:
        began = time.monotonic()
        with httpx.stream("GET", run.url) as response:
            times = [time.monotonic() for piece in response.iter_raw() if piece]
        assert len(times) == 3 and times[2] - began >= 0.12


def test_a_client_that_leaves_in_a_route_s_delay() -> None:
    """The record says that it left."""
    with running({"routes": [{"path": "*", "answer": {"text": "x", "delay": "20s"}}]}) as run:
        with run.connect() as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert run.only().reason == "client_gone"


def test_what_a_fault_gives() -> None:
    """Whole at once, with its length."""
    ready = given(Give(429, [("Retry-After", "1")], b"no"))
    assert (ready.status, ready.reason, ready.whole, ready.length) == (429, "Too Many Requests", b"no", 2)
    assert reason_of(299) == ""


class Tape:
    """A cassette that answers one path."""

    as_recorded = False

    def __init__(self, mode: Any, answer: Answered, decision: Decision | None = None) -> None:
        self.mode = mode
        self.answer = answer
        self.decision = decision
        self.bodies: list[bytes] = []

    def find(self, decision: Decision, seen: Seen, body: bytes) -> Found | Miss:
        """What `/known` got."""
        self.bodies.append(body)
        if seen.target != "/known":
            return Miss(Give(503, [("Content-Type", "application/json")], b'{"miss": 1}'), "nothing like it")
        return Found(None, self.answer, 0, self.decision)  # type: ignore[arg-type]


BODY = b"data: 1\n\ndata: 2\n\n"
STREAM = Answered(
    200,
    "Fine",
    [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked"), ("X-A", "b")],
    Blob.of(BODY),
    len(BODY),
    [(0, 9), (50_000_000, 9)],
    True,
)


def test_a_cassette_answers() -> None:
    """A recorded answer, without upstream; a miss is refused before upstream, and says so."""
    tape = Tape("replay", STREAM)
    with Upstream() as upstream, running({}, upstream.url, cassette=tape) as run:
        with httpx.Client(base_url=run.url) as client:
            response = client.post("/known", content=b"asked")
            assert (response.status_code, response.reason_phrase, response.content) == (200, "Fine", BODY)
            assert response.headers["x-a"] == "b" and response.headers["transfer-encoding"] == "chunked"
            missed = client.get("/unknown")
            assert (missed.status_code, missed.json()) == (503, {"miss": 1})
        known, unknown = run.wait(2)
        assert known.answer is not None and known.answer.body.data() == BODY and known.source == "proxy"
        assert unknown.reason == "not_recorded" and "nothing like it" in unknown.notes[0]
        assert upstream.opened == 0 and tape.bodies == [b"asked", b""]


def test_a_cassette_that_asks_upstream_too() -> None:
    """In `auto` a miss is upstream's to answer."""
    with Upstream() as upstream, running({}, upstream.url, cassette=Tape("auto", STREAM)) as run:
        assert httpx.get(f"{run.url}/unknown").json()["target"] == "/unknown" and upstream.count == 1


def test_faults_touch_recorded_answers() -> None:
    """The plan in force applies to what a cassette answers."""
    with running({"faults": {"status_override": {"status": 502}}}, cassette=Tape("replay", STREAM)) as run:
        assert httpx.get(f"{run.url}/known").status_code == 502


def test_as_recorded() -> None:
    """The decision that was recorded is carried out, not the one that was made now."""
    with running({"faults": {"drop": 1}}) as first:
        decisions = []
        decide = first.session.engine.decide
        first.session.engine.decide = lambda *args: decisions.append(decide(*args)) or decisions[-1]  # type: ignore[method-assign, func-returns-value]
        httpx.get(f"{first.url}/known", headers={"x": "y"})
    gave = decisions[0]._replace(planned="drop", action=Give(418, [], b"then"), source="proxy")
    with running({}, cassette=Tape("replay", STREAM, gave)) as run:
        response = httpx.get(f"{run.url}/known")
        assert (response.status_code, response.content) == (418, b"then")
        assert run.only().applied == "drop" and run.only().number == 1


@pytest.mark.parametrize(("ended", "end"), [("short", "fin"), ("rst", "rst")])
def test_an_answer_that_was_short_is_short_again(ended: Any, end: str) -> None:
    """A recorded answer that ended too early ends too early."""
    answer = Answered(200, "OK", [("Content-Length", "10")], Blob.of(b"half"), 4, [(0, 4)], ended=ended)
    with running({}, cassette=Tape("replay", answer)) as run:
        with run.connect() as sock:
            sock.sendall(b"GET /known HTTP/1.1\r\nHost: a\r\n\r\n")
            got = b""
            try:
                while data := sock.recv(65536):
                    got += data
                assert end == "fin"
            except ConnectionResetError:
                assert end == "rst"
        assert parts_of(got)[2] == b"half"
        assert run.only().sent.ended == end  # type: ignore[union-attr]


def test_recorded_times_are_scaled() -> None:
    """The pieces of a recorded stream wait as they did, times the pace."""
    waits: list[int] = []

    async def sleep(wait_ns: int) -> None:
        waits.append(wait_ns)

    async def read(ready: Ready) -> bytes:
        pieces = []
        while piece := await ready.piece():
            pieces.append(piece)
        return b"|".join(pieces)

    assert done(read(recorded(STREAM, 2.0, sleep))) == b"data: 1\n\n|data: 2\n\n" and waits == [100_000_000]
    short = Answered(200, "OK", [("Content-Length", "9")], Blob.of(b"x"), 1, ended="short")
    with pytest.raises(UpstreamFailed):
        done(read(recorded(short, 0, sleep)))
