"""The httpx transports: each fault is the error or the answer that the network would give; time can be a clock of ours."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import trio

from fozzy.chaos.session import Session
from fozzy.chaos.transport import AsyncChaosTransport, ChaosTransport
from fozzy.core.clock import Clock
from fozzy.core.exchange import Exchange
from fozzy.errors import InputError, UsageError
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan

MS = 10**6
S = 10**9
BODY = json.dumps({"ok": True, "text": "x" * 200}).encode()
EVENTS = [b'data: {"n": %d}\n\n' % n for n in range(1, 6)]


class Upstream(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Counts what it is asked, and answers as told."""

    def __init__(self, status: int = 200, pieces: list[bytes] | None = None, **headers: str) -> None:
        self.requests: list[httpx.Request] = []
        self.bodies: list[bytes] = []
        self.status = status
        self.pieces = [BODY] if pieces is None else pieces
        self.headers = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        self.closed = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status, headers=self.headers, stream=Pieces(self))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(b"".join(request.stream))  # type: ignore[arg-type]
        return self.answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(b"".join([piece async for piece in request.stream]))  # type: ignore[union-attr]
        return self.answer(request)


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in pieces."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    def __iter__(self) -> Iterator[bytes]:
        yield from self.upstream.pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.upstream.pieces:
            yield piece

    def close(self) -> None:
        self.upstream.closed += 1

    async def aclose(self) -> None:
        self.upstream.closed += 1


class Bench:
    """A client behind a transport with a clock of ours, and what was recorded."""

    def __init__(self, plan: Any, upstream: Upstream | None = None, seed: int = 7, **client: Any) -> None:
        self.upstream = upstream or Upstream()
        self.clock = Clock()
        self.transport = ChaosTransport(self.upstream, plan=plan, seed=seed, clock=self.clock)
        self.session = self.transport.session
        self.session.records_bodies = True
        self.seen: list[Any] = []
        self.session.listeners.append(self.seen.append)
        self.client = httpx.Client(transport=self.transport, base_url="http://up", **client)

    def get(self, path: str = "/", **said: Any) -> httpx.Response:
        return self.client.get(path, **said)

    @property
    def last(self) -> Exchange:
        found = self.seen[-1]
        assert isinstance(found, Exchange)
        return found


def faults(**said: Any) -> dict[str, Any]:
    """A plan of faults alone."""
    return {"faults": said}


def test_without_chaos_all_goes_through() -> None:
    """Without a plan nothing is changed, nothing is rolled, and the exchange is recorded with its true answer."""
    bench = Bench(None, Upstream(429, retry_after="7"))
    answer = bench.client.post("/a?b=1", content=b"body", headers={"x-other": "1"})
    assert (answer.status_code, answer.content, answer.headers["retry-after"]) == (429, BODY, "7")
    assert bench.upstream.bodies == [b"body"]
    assert bench.upstream.requests[0].headers["x-other"] == "1"
    assert bench.upstream.closed == 1
    last = bench.last
    assert (last.request.method, last.request.target, last.request.bytes, last.rolls) == ("POST", "/a?b=1", 4, [])
    assert last.answer is not None and (last.answer.status, last.answer.body.data()) == (429, BODY)
    assert last.sent is not None and (last.sent.status, last.sent.bytes, last.sent.ended) == (429, len(BODY), "whole")
    assert bench.session.load == 0


@pytest.mark.parametrize(
    ("plan", "status", "code"),
    [
        (faults(drop=1), 500, "chaos_drop"),
        (faults(rate_limit=1), 429, "chaos_ratelimit"),
        (faults(status={"codes": [503]}), 503, "chaos_status"),
        ({"limits": {"loss": {"as": "408", "probability": 1}}}, 408, "chaos_loss"),
        (faults(timeout={"after": "5s"}), 504, "chaos_timeout"),
    ],
)
def test_faults_that_answer(plan: Any, status: int, code: str) -> None:
    """A fault that answers gives the proxy's answer, and the wrapped transport is not asked."""
    bench = Bench(plan, timeout=None)
    answer = bench.get()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert bench.upstream.requests == []
    assert bench.last.planned == bench.last.applied != ""
    assert bench.last.answer is None


@pytest.mark.parametrize(
    ("plan", "error"),
    [
        (faults(connection_error=1), httpx.ConnectError),
        (faults(disconnect=1), httpx.RemoteProtocolError),
        (faults(disconnect={"how": "rst"}), httpx.ReadError),
        (faults(disconnect={"how": "fin", "at": "accept"}), httpx.RemoteProtocolError),
        ({"limits": {"loss": 1.0}}, httpx.ReadError),
    ],
)
def test_faults_before_an_answer(plan: Any, error: type[Exception]) -> None:
    """A connection that ends before a byte is the error httpx has for it; nobody is asked; the record says status 0."""
    bench = Bench(plan)
    with pytest.raises(error):
        bench.get()
    assert bench.upstream.requests == []
    assert bench.last.sent is not None and bench.last.sent.status == 0
    assert bench.last.applied == bench.last.planned
    assert bench.last.sent.ended == ("fin" if error is httpx.RemoteProtocolError else "rst")


@pytest.mark.parametrize(
    ("plan", "error", "got"),
    [
        (faults(disconnect={"how": "fin", "at": "after-headers"}), httpx.RemoteProtocolError, 0),
        (faults(disconnect={"how": "rst", "after_bytes": 10}), httpx.ReadError, 10),
        (faults(disconnect={"how": "fin", "after_chunks": 2}), httpx.RemoteProtocolError, 2),
        (faults(partial={"how": "rst"}), httpx.ReadError, None),
    ],
)
def test_faults_within_a_body(plan: Any, error: type[Exception], got: int | None) -> None:
    """A body that is cut gives what came before the cut, then the error; the true answer was asked for once."""
    headers = {"content_length": "200"} if got is None else {}
    bench = Bench(plan, Upstream(pieces=[b"a" * 40] * 5, **headers))
    read = b""
    with pytest.raises(error), bench.client.stream("GET", "/") as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            read += piece
    if got is not None:
        assert len(read) == (got * 40 if got == 2 else got)
    assert len(read) < 200 and len(bench.upstream.requests) == 1
    assert bench.last.applied == bench.last.planned != ""
    assert bench.last.sent is not None and bench.last.sent.bytes == len(read)
    assert bench.upstream.closed == 1


def test_malformed_is_no_json_and_the_record_is_true() -> None:
    """A damaged answer is 200 and no JSON, with a length that fits; what upstream said is recorded."""
    bench = Bench(faults(malformed=1), Upstream(500, content_length=str(len(BODY))))
    answer = bench.get()
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(ValueError):
        answer.json()
    assert bench.last.answer is not None
    assert (bench.last.answer.status, bench.last.answer.body.data()) == (500, BODY)


def test_status_override() -> None:
    """Upstream is asked, its answer recorded, the client gets another status."""
    bench = Bench(faults(status_override={"status": 503}))
    answer = bench.get()
    assert (answer.status_code, answer.content) == (503, BODY)
    assert bench.last.answer is not None and bench.last.answer.status == 200
    assert len(bench.upstream.requests) == 1


@pytest.mark.parametrize(
    ("plan", "got"),
    [
        (faults(drop_event={"event": 2}), [1, 3, 4, 5]),
        (faults(corrupt_event={"event": 3}), [1, 2, None, 4, 5]),
    ],
)
def test_faults_of_events(plan: Any, got: list[int | None]) -> None:
    """Of a stream the one event is lost or damaged, and the rest arrive, however the stream was sliced."""
    stream = b"".join(EVENTS)
    slices = [stream[at : at + 7] for at in range(0, len(stream), 7)]
    bench = Bench(plan, Upstream(pieces=slices, content_type="text/event-stream"))
    found: list[int | None] = []
    for line in bench.get().text.split("\n\n"):
        if line:
            try:
                found.append(json.loads(line.removeprefix("data: "))["n"])
            except ValueError:
                found.append(None)
    assert found == got
    assert bench.last.applied == bench.last.planned != ""


def test_a_stream_is_cut_after_events() -> None:
    """After so many events the stream breaks off, and what came before is whole."""
    bench = Bench(faults(cut_stream={"after_events": 2}), Upstream(pieces=EVENTS, content_type="text/event-stream"))
    read = b""
    with pytest.raises(httpx.RemoteProtocolError), bench.client.stream("GET", "/") as answer:
        for piece in answer.iter_raw():
            read += piece
    assert read == b"".join(EVENTS[:2])


def test_a_stall_is_waited_for_or_is_a_timeout() -> None:
    """A pause takes its time on the clock; one the client does not wait for is a `ReadTimeout` at its time."""
    upstream = Upstream(pieces=EVENTS, content_type="text/event-stream")
    plan = faults(stall={"after_events": 1, "for": "3s"})
    bench = Bench(plan, upstream, timeout=None)
    assert bench.get().content == b"".join(EVENTS)
    assert bench.clock.now == 3 * S
    bench = Bench(plan, upstream, timeout=2)
    with pytest.raises(httpx.ReadTimeout):
        bench.get()
    assert bench.clock.now == 2 * S
    assert bench.last.applied == "stall"
    assert bench.last.sent is not None and bench.last.sent.ended == "client_gone"


def test_a_fault_that_does_not_fit_is_bypassed() -> None:
    """A fault of streams on an answer that is none changes nothing and says why."""
    bench = Bench(faults(cut_stream=1))
    assert bench.get().content == BODY
    assert (bench.last.planned, bench.last.applied, bench.last.reason) == ("cut_stream", "", "not_a_stream")


def test_an_upstream_that_fails_is_the_genuine_error() -> None:
    """When the wrapped transport fails its own error comes out, and the fault counts as bypassed."""

    class Down(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("no", request=request)

    transport = ChaosTransport(Down(), plan=faults(malformed=1), seed=1)
    seen: list[Any] = []
    transport.session.listeners.append(seen.append)
    with pytest.raises(httpx.ConnectError, match="no"), httpx.Client(transport=transport) as client:
        client.get("http://up/")
    assert (seen[0].planned, seen[0].applied, seen[0].reason) == ("malformed", "", "upstream_unreachable")
    assert transport.session.load == 0


def test_delays_are_exact_on_a_clock() -> None:
    """With a clock a delay is exactly its nanoseconds, takes no time, and comes before the answer of a fault too."""
    bench = Bench({"latency": {"fixed": "200ms"}, "faults": {"drop": 1}})
    assert bench.get().status_code == 500
    assert (bench.clock.now, bench.last.delay_ns, bench.last.waited_ns) == (200 * MS, 200 * MS, 200 * MS)
    assert bench.last.arrived == 0 and bench.last.t == 200 * MS


def test_a_delay_longer_than_the_client_waits() -> None:
    """A delay beyond the read timeout is a `ReadTimeout` after that time, and nobody was asked."""
    bench = Bench({"latency": {"fixed": "10s"}, "faults": {"drop": 1}}, timeout=3)
    with pytest.raises(httpx.ReadTimeout):
        bench.get()
    assert (bench.clock.now, bench.upstream.requests) == (3 * S, [])
    assert (bench.last.applied, bench.last.reason) == ("", "client_gone")


def test_a_timeout_beats_the_clients() -> None:
    """A timeout fault answers 504 exactly then; one that hangs lasts as long as the client waits."""
    bench = Bench(faults(timeout={"after": "300ms"}))
    assert bench.get().status_code == 504 and bench.clock.now == 300 * MS
    bench = Bench(faults(timeout={"hang": True}), timeout=4)
    with pytest.raises(httpx.ReadTimeout):
        bench.get()
    assert bench.clock.now == 4 * S and bench.last.applied == "timeout"


def test_a_rate_limit_is_exact_on_a_clock() -> None:
    """At 1/s with a burst of 2 two requests pass, the third gets 429; a second later exactly one more passes."""
    bench = Bench({"limits": {"global": {"rate": "1/s", "burst": 2}}})
    assert [bench.get().status_code for _ in range(3)] == [200, 200, 429]
    bench.clock.advance(S - 1)
    assert bench.get().status_code == 429
    bench.clock.advance(1)
    assert [bench.get().status_code for _ in range(2)] == [200, 429]
    assert bench.get().headers["retry-after"] == "1"
    assert bench.last.planned == bench.last.applied == "limit.rate"


def test_bandwidth_is_exact_on_a_clock() -> None:
    """1,000 bytes at 1,000 B/s take a second each way."""
    bench = Bench({"limits": {"bandwidth": "1000B/s"}}, Upstream(pieces=[b"x" * 1000]), timeout=None)
    assert len(bench.get().content) == 1000
    assert bench.clock.now == S
    bench = Bench({"limits": {"bandwidth": {"up": "1000B/s"}}}, timeout=None)
    bench.client.post("/", content=b"x" * 2000)
    assert bench.clock.now == 2 * S and bench.upstream.bodies == [b"x" * 2000]


def test_a_client_that_lets_go() -> None:
    """A client that closes before the end has left, and the record says how much it read."""
    bench = Bench(None, Upstream(pieces=[b"a" * 10] * 5))
    with bench.client.stream("GET", "/") as answer:
        next(answer.iter_raw())
    assert bench.last.sent is not None and (bench.last.sent.ended, bench.last.sent.bytes) == ("client_gone", 10)
    assert bench.upstream.closed == 1 and bench.session.load == 0


def test_headers_for_us_stay_here() -> None:
    """Chaos headers and the test id steer the request and do not go on; a wrong one is refused with 400."""
    bench = Bench({"tests": {"t1": {"faults": {"drop": 1}}}})
    assert bench.get(headers={"x-test-id": "t1"}).status_code == 500
    assert bench.get(headers={"x-test-id": "t2", "X-Fozzy-Chaos-Drop": "0", "authorization": "b"}).status_code == 200
    sent = bench.upstream.requests[0].headers
    assert "x-test-id" not in sent and "x-fozzy-chaos-drop" not in sent and sent["authorization"] == "b"
    refused = bench.get(headers={"X-Fozzy-Chaos-Drop": "banana"})
    assert refused.status_code == 400 and "banana" in refused.text
    assert len(bench.upstream.requests) == 1


def test_a_route_may_answer_by_itself() -> None:
    """A route's own answers come in order, with their delay and pace, and nobody is asked."""
    plan = {
        "routes": [
            {"path": "/a", "answers": [{"json": {"n": 1}}, {"text": "two", "status": 201, "delay": "2s"}]},
            {"path": "/s", "answer": {"events": ["x", {"y": 1}], "pace": "1s"}},
        ]
    }
    bench = Bench(plan, timeout=None)
    assert bench.get("/a").json() == {"n": 1}
    second = bench.get("/a")
    assert (second.status_code, second.text, bench.clock.now) == (201, "two", 2 * S)
    assert bench.get("/s").content == b'data: x\n\ndata: {"y":1}\n\n'
    assert (bench.clock.now, bench.upstream.requests) == (3 * S, [])
    assert (bench.last.source, bench.last.at) == ("fixture", "routes[1]")


def test_an_answer_tells_its_chaos() -> None:
    """With evidence headers an answer says which fault it had and which roll that was."""
    bench = Bench({"evidence_headers": True, **faults(drop=1)})
    assert bench.get().headers["x-fozzy-chaos"].startswith("drop; number=1; key=")
    bench = Bench({"evidence_headers": True, "latency": {"fixed": "1ms"}})
    assert bench.get().headers["x-fozzy-chaos"].startswith("latency; number=1; key=")


def test_a_body_that_comes_in_pieces() -> None:
    """A body of unknown length counts for the key as far as `key_bytes`, and arrives whole."""

    def body() -> Iterator[bytes]:
        yield b"abc"
        yield b"defgh"
        yield b"ij"

    bench = Bench({"key_bytes": 4, **faults(drop=0.000001)})
    bench.client.post("/", content=body())
    assert bench.upstream.bodies == [b"abcdefghij"]
    assert bench.last.request.chunked and bench.last.request.bytes == 10 and bench.last.request.digest


def test_plans_in_every_form(tmp_path: Path) -> None:
    """A plan is given as a dict, a `Plan` or the path of a chaos file; the seed is the call's, the plan's, or chosen."""
    path = tmp_path / "chaos.toml"
    path.write_text("seed = 5\n[faults]\ndrop = 1.0\n")
    document = {"seed": 5, "faults": {"drop": 1.0}}
    for plan in (document, msgspec.convert(document, Plan), path, str(path)):
        transport = ChaosTransport(Upstream(), plan=plan)
        assert transport.session.engine.seed == 5
        with httpx.Client(transport=transport) as client:
            assert client.get("http://up/").status_code == 500
    assert ChaosTransport(Upstream(), plan=document, seed=9).session.engine.seed == 9
    assert ChaosTransport(Upstream()).session.engine.seed != ChaosTransport(Upstream()).session.engine.seed


def test_a_plan_that_is_wrong() -> None:
    """A wrong plan, and a plan beside a session, are refused when the transport is made."""
    with pytest.raises(InputError, match="faults.drop"):
        ChaosTransport(Upstream(), plan=faults(drop=2))
    session = Session(Engine(Plan(), 1))
    with pytest.raises(UsageError) as caught:
        ChaosTransport(Upstream(), plan={}, session=session)
    assert caught.value.code == "chaos.two_plans"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_kinds_of_clients_get_the_same(seed: int) -> None:
    """A client on a loop gets, request for request, what a client that blocks gets: statuses, errors, times, records."""
    plan = {
        "latency": {"uniform": ["10ms", "90ms"], "probability": 0.5},
        "faults": {"drop": 0.2, "malformed": 0.2, "disconnect": 0.1, "partial": 0.2, "connection_error": 0.1},
    }
    bench = Bench(plan, seed=seed)
    told = [outcome(bench.get, f"/{n % 7}") for n in range(60)]

    async def main() -> tuple[list[Any], list[Any]]:
        transport = AsyncChaosTransport(Upstream(), plan=plan, seed=seed, clock=Clock())
        transport.session.records_bodies = True
        seen: list[Any] = []
        transport.session.listeners.append(seen.append)
        found = []
        async with httpx.AsyncClient(transport=transport, base_url="http://up") as client:
            for n in range(60):
                try:
                    answer = await client.get(f"/{n % 7}")
                    found.append((answer.status_code, answer.content))
                except httpx.TransportError as error:
                    found.append((type(error), b""))
        return found, seen

    found, seen = trio.run(main)
    assert found == told
    assert seen == bench.seen
    assert len({exchange.applied for exchange in seen}) >= 5, "several faults struck"


def outcome(get: Any, path: str) -> tuple[Any, bytes]:
    try:
        answer = get(path)
        return answer.status_code, answer.content
    except httpx.TransportError as error:
        return type(error), b""


def test_a_cancelled_request_is_recorded() -> None:
    """A client that gives up during a delay has left: nobody is asked and the record says so."""
    upstream = Upstream()

    async def main() -> list[Any]:
        transport = AsyncChaosTransport(upstream, plan={"latency": {"fixed": "20s"}}, seed=1)
        seen: list[Any] = []
        transport.session.listeners.append(seen.append)
        async with httpx.AsyncClient(transport=transport, timeout=None) as client:
            with trio.move_on_after(0.02):
                await client.get("http://up/")
        assert transport.session.load == 0
        return seen

    (exchange,) = trio.run(main)
    assert (exchange.reason, exchange.sent.ended, upstream.requests) == ("client_gone", "client_gone", [])


def test_it_runs_under_asyncio_too() -> None:
    """The loop is the client's own: under asyncio delays are real and answers the same."""
    import asyncio

    async def main() -> int:
        transport = AsyncChaosTransport(Upstream(), plan={"latency": {"fixed": "5ms"}, **faults(drop=1)}, seed=1)
        async with httpx.AsyncClient(transport=transport) as client:
            return (await client.get("http://up/")).status_code

    assert asyncio.run(main()) == 500
