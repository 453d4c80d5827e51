"""The ASGI middleware behind a real uvicorn: what each fault looks like on the wire, and what is recorded of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
import trio
import uvicorn

from fozzy.chaos.asgi import ChaosMiddleware
from fozzy.core.clock import Clock
from fozzy.core.exchange import Exchange
from tests.chaos.http.harness import until

BODY = json.dumps({"ok": True, "text": "x" * 200}).encode()
EVENTS = [b'data: {"n": %d}\n\n' % n for n in range(1, 6)]
LONG_S = 30


class App:
    """A plain ASGI application that counts; what it does depends on the path."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []
        self.bodies: list[bytes] = []
        self.ended: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.other(scope, receive, send)
        self.scopes.append(scope)
        try:
            await self.http(scope, receive, send)
            self.ended.append("done")
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        return None

    async def other(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for done in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{done}.complete"})
            return
        await receive()
        await send({"type": "websocket.close", "code": 4321})

    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        path = scope["path"]
        if path == "/raises":
            raise RuntimeError("the application is broken")
        if path == "/stream" or path == "/slow":
            await send(start(200, "text/event-stream"))
            for event in EVENTS:
                await send({"type": "http.response.body", "body": event, "more_body": True})
                if path == "/slow":
                    with anyio.move_on_after(LONG_S):
                        assert (await receive())["type"] == "http.disconnect"
                        return
            await send({"type": "http.response.body"})
        elif path == "/short":
            await send(start(200, "text/plain", 100))
            await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        elif path == "/pieces":
            await send(start(200, "text/plain"))
            for _ in range(5):
                await send({"type": "http.response.body", "body": b"a" * 40, "more_body": True})
            await send({"type": "http.response.body"})
        else:
            await send(start(200, "application/json", len(BODY)))
            await send({"type": "http.response.body", "body": BODY})


def start(status: int, content_type: str, length: int | None = None) -> dict[str, Any]:
    headers = [(b"content-type", content_type.encode())]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": status, "headers": headers}


class Bench:
    """A uvicorn that runs, with the middleware in front of an application."""

    def __init__(self, plan: Any, seed: int = 7, app: Any = None) -> None:
        self.app = App()
        self.middleware = ChaosMiddleware(app or self.app, plan=plan, seed=seed)
        self.session = self.middleware.session
        self.session.records_bodies = True
        self.seen: list[Any] = []
        self.session.listeners.append(self.seen.append)
        config = uvicorn.Config(self.middleware, log_config=None, lifespan="on", http="httptools", loop="asyncio")
        self.server = uvicorn.Server(config)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        asyncio.run(self.server.serve(sockets=[self.socket]))

    @property
    def last(self) -> Exchange:
        until(lambda: bool(self.seen))
        found = self.seen[-1]
        assert isinstance(found, Exchange)
        return found

    def raw(
        self, path: str = "/", *, headers: str = "", body: bytes = b"", method: str = "GET"
    ) -> tuple[bytes, bytes, str]:
        """Head, what follows it, and how the connection ended: `fin` or `rst`."""
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        request = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{length}{headers}\r\n".encode() + body
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
            sock.sendall(request)
            data, how = b"", "fin"
            try:
                while piece := sock.recv(65536):
                    data += piece
            except ConnectionResetError:
                how = "rst"
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest, how


@contextlib.contextmanager
def serving(plan: Any = None, **said: Any) -> Iterator[Bench]:
    """A bench that runs until the end; then nothing is in flight."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    bench = Bench(plan, **said)
    thread = threading.Thread(target=bench.run)
    thread.start()
    try:
        until(lambda: bench.server.started)
        yield bench
    finally:
        bench.server.should_exit = True
        thread.join(10)
        bench.socket.close()
    assert not thread.is_alive()
    assert bench.session.load == 0
    assert len([each for each in bench.seen if isinstance(each, Exchange)]) == bench.session.engine.requests


def faults(**said: Any) -> dict[str, Any]:
    return {"faults": said}


def test_without_chaos_all_goes_through() -> None:
    """Without a plan nothing is changed and nothing is rolled; the record has the true answer."""
    with serving() as bench:
        answer = httpx.post(f"{bench.url}/a%20b?c=1", content=b"body")
        assert (answer.status_code, answer.content) == (200, BODY)
        assert bench.app.bodies == [b"body"]
        last = bench.last
    assert (last.request.method, last.request.target, last.request.bytes) == ("POST", "/a%20b?c=1", 4)
    assert (last.rolls, last.client, last.source) == ([], "127.0.0.1", "proxy")
    assert last.answer is not None and last.answer.body.data() == BODY and last.answer.ended == "whole"
    assert last.sent is not None and (last.sent.status, last.sent.bytes, last.sent.ended) == (200, len(BODY), "whole")


@pytest.mark.parametrize(
    ("plan", "status", "code"),
    [
        (faults(drop=1), 500, "chaos_drop"),
        (faults(rate_limit=1), 429, "chaos_ratelimit"),
        (faults(status={"codes": [503]}), 503, "chaos_status"),
        (faults(timeout={"after": "20ms"}), 504, "chaos_timeout"),
        ({"limits": {"loss": {"as": "408", "probability": 1}}}, 408, "chaos_loss"),
    ],
)
def test_faults_that_answer(plan: Any, status: int, code: str) -> None:
    """A fault that answers gives the proxy's answer; the application is not called; the connection is kept."""
    with serving(plan) as bench, httpx.Client(base_url=bench.url) as client:
        for _ in range(2):
            answer = client.get("/")
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert bench.app.scopes == []
        assert bench.last.applied == bench.last.planned != "" and bench.last.answer is None


@pytest.mark.parametrize(
    "plan",
    [
        faults(disconnect=1),
        faults(disconnect={"how": "rst"}),
        faults(disconnect={"at": "accept"}),
        faults(disconnect={"how": "rst", "at": "after-headers"}),
        faults(connection_error=1),
        faults(partial={"how": "rst"}),
        faults(cut_stream={"how": "rst"}),
        {"limits": {"loss": 1.0}},
    ],
)
def test_what_the_door_cannot(plan: Any) -> None:
    """A reset, and an end before an answer, are beyond an application: nothing happens, and it is told as a bypass."""
    with serving(plan) as bench:
        answer = httpx.get(f"{bench.url}/stream")
        assert (answer.status_code, answer.content) == (200, b"".join(EVENTS))
        assert bench.last.planned and (bench.last.applied, bench.last.reason) == ("", "door_cannot")
        (tally,) = [each for each in bench.session.engine.tallies() if each.hit]
        assert (tally.applied, tally.bypassed) == (0, 1)


@pytest.mark.parametrize(
    ("plan", "path", "got"),
    [
        (faults(disconnect={"at": "after-headers"}), "/", b""),
        (faults(disconnect={"after_bytes": 10}), "/", BODY[:10]),
        (faults(disconnect={"after_bytes": 10}), "/pieces", b"a\r\naaaaaaaaaa\r\n"),
        (faults(disconnect={"after_chunks": 2}), "/pieces", (b"28\r\n" + b"a" * 40 + b"\r\n") * 2),
        (faults(cut_stream={"after_events": 1}), "/stream", b"10\r\n" + EVENTS[0] + b"\r\n"),
        (faults(disconnect={"after_time": "30ms"}), "/slow", b"10\r\n" + EVENTS[0] + b"\r\n"),
    ],
)
def test_cuts_are_short_reads(plan: Any, path: str, got: bytes) -> None:
    """A cut flushes what came before it, ends without the body's proper end, and with FIN; it does not wait for the app."""
    with serving(plan) as bench:
        began = time.monotonic()
        head, rest, how = bench.raw(path)
        assert time.monotonic() - began < LONG_S / 2
        assert head.startswith(b"HTTP/1.1 200") and (rest, how) == (got, "fin")
        assert bench.last.applied == bench.last.planned != ""
        assert bench.last.sent is not None and bench.last.sent.ended == "fin"
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(bench.url + path)


def test_partial_is_a_short_read() -> None:
    """A body of known length is cut at its drawn place, below the length that was announced."""
    with serving(faults(partial=1)) as bench:
        head, rest, _ = bench.raw()
        assert b"content-length: %d" % len(BODY) in head and BODY.startswith(rest) and len(rest) < len(BODY)
        assert bench.last.applied == "partial"


def test_malformed_is_no_json() -> None:
    """A damaged answer is 200, with a length that fits, and no JSON; the connection goes on; the record is true."""
    with serving(faults(malformed=1)) as bench, httpx.Client(base_url=bench.url) as client:
        for _ in range(2):
            answer = client.get("/")
            assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
            with pytest.raises(ValueError):
                answer.json()
        assert bench.last.answer is not None and bench.last.answer.body.data() == BODY


def test_status_override() -> None:
    """The application's body under another status."""
    with serving(faults(status_override={"status": 503})) as bench:
        answer = httpx.get(bench.url)
        assert (answer.status_code, answer.content) == (503, BODY)
        assert bench.last.answer is not None and bench.last.answer.status == 200


@pytest.mark.parametrize(
    ("plan", "got"),
    [(faults(drop_event={"event": 2}), [1, 3, 4, 5]), (faults(corrupt_event={"event": 3}), [1, 2, None, 4, 5])],
)
def test_faults_of_events(plan: Any, got: list[int | None]) -> None:
    """Of a stream the one event is lost or damaged, and the rest arrive."""
    with serving(plan) as bench:
        found: list[int | None] = []
        for text in httpx.get(f"{bench.url}/stream").text.split("\n\n")[:-1]:
            try:
                found.append(json.loads(text.removeprefix("data: "))["n"])
            except ValueError:
                found.append(None)
        assert found == got and bench.last.applied == bench.last.planned


def test_events_arrive_while_the_application_still_works() -> None:
    """A fault of events holds nothing back: the first event is there while the application sleeps."""
    with serving(faults(drop_event={"event": 2})) as bench:
        with httpx.stream("GET", f"{bench.url}/slow") as answer:
            assert next(answer.iter_raw()) == EVENTS[0]
        assert bench.last.sent is not None
        assert (bench.last.sent.ended, bench.last.sent.bytes) == ("client_gone", len(EVENTS[0]))
        assert (bench.last.applied, bench.last.reason) == ("", "client_gone")


def test_delays_and_stalls_take_their_time() -> None:
    """A delay comes before the application is called, a stall within its answer; both are measured."""
    with serving({"latency": {"fixed": "60ms"}, "faults": {"stall": {"for": "50ms"}}}) as bench:
        began = time.monotonic()
        assert httpx.get(f"{bench.url}/stream").content == b"".join(EVENTS)
        assert time.monotonic() - began >= 0.11
        assert bench.last.delay_ns == 60 * 10**6 and bench.last.waited_ns >= 110 * 10**6
        assert bench.last.applied == "stall"


def test_bandwidth_is_kept_both_ways() -> None:
    """2,000 bytes up and as many down at 20,000 B/s take a tenth of a second each."""
    with serving({"limits": {"bandwidth": "20KB/s"}}, app=echo) as bench:
        began = time.monotonic()
        assert httpx.post(bench.url, content=b"x" * 2000).content == b"x" * 2000
        assert time.monotonic() - began >= 0.19


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An application that sends back what it gets."""
    if scope["type"] == "lifespan":
        return await App().other(scope, receive, send)
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    await send(start(200, "text/plain", len(body)))
    return await send({"type": "http.response.body", "body": body})


def test_rate_limits_hold() -> None:
    """A burst of two passes, the third gets 429 with `Retry-After`."""
    with (
        serving({"limits": {"global": {"rate": "1/h", "burst": 2}}}) as bench,
        httpx.Client(base_url=bench.url) as client,
    ):
        answers = [client.get("/") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[2].headers["retry-after"]) > 3500


@pytest.mark.parametrize(
    "plan",
    [
        {"latency": {"fixed": "20s"}},
        faults(timeout={"after": "20s"}),
        faults(timeout={"hang": True}),
        {"limits": {"loss": {"as": "hang", "probability": 1}}},
    ],
)
def test_a_client_that_leaves_while_it_waits(plan: Any) -> None:
    """A client that leaves during a delay ends it: the application is not called, and the record says who left."""
    with serving(plan) as bench:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(bench.url, content=b"abc", timeout=0.1)
        assert bench.last.sent is not None
        assert (bench.last.sent.ended, bench.last.sent.status) == ("client_gone", 0)
        assert bench.app.scopes == [] and bench.last.t < 10 * 10**9


@pytest.mark.parametrize("path", ["/stream", "/pieces"])
def test_a_client_that_leaves_a_stall(path: str) -> None:
    """A stall without a time lasts until the client leaves; then the application is cancelled."""
    with serving(faults(stall=1)) as bench:
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(bench.url + path, timeout=0.1)
        assert bench.last.applied == "stall"
        assert bench.last.sent is not None and bench.last.sent.ended == "client_gone"
        until(lambda: bench.app.ended == ["CancelledError"])


def test_an_application_that_fails() -> None:
    """When the application raises the server answers 500, the error goes on, and the fault counts as bypassed."""
    with serving(faults(malformed=1)) as bench:
        assert httpx.get(f"{bench.url}/raises").status_code == 500
        assert (bench.last.planned, bench.last.applied, bench.last.reason) == ("malformed", "", "upstream_failed")
        assert bench.app.ended == ["RuntimeError"]
    with serving() as bench:
        _, rest, how = bench.raw("/short")
        assert (rest, how, bench.last.reason) == (b"abc", "fin", "upstream_short")


def test_headers_for_us_stay_here() -> None:
    """The application sees no chaos headers and no test id; a wrong one is refused with 400."""
    with serving({"tests": {"t1": {"faults": {"drop": 1}}}}) as bench:
        assert httpx.get(bench.url, headers={"X-Test-Id": "t1"}).status_code == 500
        assert httpx.get(bench.url, headers={"X-Fozzy-Chaos-Latency": "1", "x-other": "1"}).status_code == 200
        names = {name for name, _ in bench.app.scopes[0]["headers"]}
        assert b"x-other" in names and not [name for name in names if b"chaos" in name]
        assert httpx.get(bench.url, headers={"X-Fozzy-Chaos-Drop": "2"}).status_code == 400


def test_a_route_may_answer_by_itself() -> None:
    """A route's own answer is given without the application."""
    plan = {"evidence_headers": True, "routes": [{"path": "/own", "answer": {"lines": [{"n": 1}, {"n": 2}]}}]}
    with serving(plan) as bench:
        answer = httpx.get(f"{bench.url}/own")
        assert answer.text == '{"n":1}\n{"n":2}\n' and answer.headers["x-fozzy-chaos"] == "none; number=1"
        assert (bench.last.source, bench.last.at, bench.app.scopes) == ("fixture", "routes[0]", [])
        assert httpx.head(f"{bench.url}/own").content == b""


def test_a_head_request() -> None:
    """An answer to HEAD has no body to damage or to cut."""
    with serving(faults(malformed={"every": 2}, partial=1)) as bench, httpx.Client(base_url=bench.url) as client:
        for n in range(8):
            assert client.head(f"/{n}").status_code == 200
    assert {each.reason for each in bench.seen} == {"no_body"}
    assert {each.planned for each in bench.seen} == {"malformed", "partial"}


def test_a_framework_is_content() -> None:
    """A FastAPI application with its own middlewares and streams is cut and stalled without a complaint of its own."""
    from fastapi import FastAPI
    from starlette.responses import StreamingResponse

    app = FastAPI()
    complaints: list[Any] = []

    @app.middleware("http")
    async def watching(request: Any, call_next: Any) -> Any:
        try:
            return await call_next(request)
        except Exception as error:
            complaints.append(error)
            raise

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def events() -> Any:
            for event in EVENTS:
                yield event
                await anyio.sleep(0.01)

        return StreamingResponse(events(), media_type="text/event-stream")

    with serving(faults(cut_stream={"after_events": 2}), app=app) as bench:
        _, rest, how = bench.raw("/stream")
        assert EVENTS[1] in rest and EVENTS[2] not in rest and how == "fin"
    assert complaints == []


def test_other_scopes_pass() -> None:
    """A websocket and the lifespan reach the application untouched, whatever the plan says."""
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    with serving(faults(drop=1)) as bench, pytest.raises(InvalidStatus) as caught:
        connect(bench.url.replace("http", "ws")).close()
    assert caught.value.response.status_code == 403
    assert bench.seen == []


def test_it_runs_under_trio() -> None:
    """Under trio the same holds, and with a clock of ours a delay takes no time."""
    clock, app = Clock(), App()
    plan = {"latency": {"fixed": "20s"}, "faults": {"malformed": 1}, "limits": {"bandwidth": "1KB/s"}}
    middleware = ChaosMiddleware(app, plan=plan, seed=7, clock=clock)
    seen: list[Any] = []
    middleware.session.listeners.append(seen.append)

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(middleware)
        async with httpx.AsyncClient(transport=transport, base_url="http://up") as client:
            return await client.get("/")

    answer = trio.run(main)
    with pytest.raises(ValueError):
        answer.json()
    assert seen[0].applied == "malformed"
    assert clock.now == 20 * 10**9 + len(answer.content) * 10**6


def test_it_does_not_import_asyncio() -> None:
    """The middleware brings no loop of its own: importing it imports neither asyncio nor trio."""
    code = "import sys, fozzy.chaos.asgi; print(sorted({'asyncio', 'trio', 'httpx', 'prometheus_client'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
