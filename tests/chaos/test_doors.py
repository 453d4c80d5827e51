"""One plan behind every door: the proxy, the middleware and the transports decide alike, and give the same answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import trio

from fozzy.chaos.decisions import decision_lines
from fozzy.chaos.transport import AsyncChaosTransport, ChaosTransport
from tests.chaos.http.harness import running
from tests.chaos.test_asgi import serving
from tests.chaos.upstream import Upstream, chunked, plain

SEED = 11
COUNT = 120
BODY = b'{"choices": [{"message": {"role": "assistant", "content": "' + b"hello " * 40 + b'"}}]}'
PLAN: dict[str, Any] = {
    "latency": {"uniform": ["0ms", "2ms"], "jitter": 0.5, "probability": 0.5},
    "faults": {
        "drop": 0.1,
        "malformed": {"how": "bit-flip", "probability": 0.2},
        "rate_limit": 0.1,
        "status": {"codes": [500, {"code": 503, "weight": 3}], "probability": 0.2},
        "timeout": {"after": "1ms", "probability": 0.1},
        "partial": 0.2,
        "status_override": {"status": 418, "probability": 0.2},
    },
    "routes": [{"path": "/v1/*", "name": "v1", "faults": {"drop": 0.3}}],
    "tests": {"t1": {"merge": True, "faults": {"malformed": {"how": "invalid-json"}}}},
}

Outcome = tuple[Any, bytes]


def requests() -> Iterator[tuple[str, str, dict[str, str], bytes]]:
    """The same requests for every door; some come twice, with bodies that mean the same."""
    for n in range(COUNT):
        headers = {"x-test-id": "t1"} if n % 7 == 0 else {}
        path = f"/v1/chat?n={n % 9}" if n % 2 else f"/other/{n % 11}"
        body = b'{"a": 1,  "b": %d}' % (n % 5) if n % 3 else b'{"b":%d,"a":1}' % (n % 5)
        yield ("POST" if n % 4 else "GET"), path, headers, body if n % 4 else b""


def outcomes(ask: Callable[..., httpx.Response]) -> list[Outcome]:
    """What a client that blocks sees."""
    found: list[Outcome] = []
    for method, path, headers, body in requests():
        try:
            answer = ask(method, path, headers=headers, content=body)
            found.append((answer.status_code, answer.content))
        except httpx.TransportError as error:
            found.append((type(error), b""))
    return found


def log(records: list[Any]) -> bytes:
    return b"".join(decision_lines(records))


def answered(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=BODY, headers={"content-type": "application/json"})


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The same answers as those of the other doors."""
    if scope["type"] == "lifespan":
        for done in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{done}.complete"})
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


@pytest.fixture(scope="module")
def proxied() -> tuple[list[Outcome], bytes]:
    """What the proxy does."""
    with Upstream() as upstream:
        for path in ("/v1/chat", *(f"/other/{n}" for n in range(11))):
            upstream.on(path, plain(200, [("Content-Type", "application/json")], BODY))
        with running(PLAN, upstream.url, seed=SEED) as run, httpx.Client(base_url=run.url) as client:
            found = outcomes(client.request)
            return found, log(run.wait(COUNT))


def test_the_plan_does_something(proxied: tuple[list[Outcome], bytes]) -> None:
    """The comparison is worth something: every kind of outcome comes up."""
    kinds = {kind for kind, _ in proxied[0]}
    assert {200, 418, 429, 500, 503, 504, httpx.RemoteProtocolError} <= kinds
    assert proxied[1].count(b"\n") == COUNT


def test_the_transport_is_like_the_proxy(proxied: tuple[list[Outcome], bytes]) -> None:
    """A transport that blocks decides byte for byte as the proxy does, and its client sees the same."""
    transport = ChaosTransport(httpx.MockTransport(answered), plan=PLAN, seed=SEED)
    seen: list[Any] = []
    transport.session.listeners.append(seen.append)
    with httpx.Client(transport=transport, base_url="http://up") as client:
        assert outcomes(client.request) == proxied[0]
    assert log(seen) == proxied[1]


def test_many_at_once_are_like_the_proxy(proxied: tuple[list[Outcome], bytes]) -> None:
    """Requests that come all at once, on a loop, are decided as those that came one after the other."""
    transport = AsyncChaosTransport(httpx.MockTransport(answered), plan=PLAN, seed=SEED)
    seen: list[Any] = []
    transport.session.listeners.append(seen.append)

    async def ask(client: httpx.AsyncClient, said: tuple[str, str, dict[str, str], bytes]) -> None:
        with contextlib.suppress(httpx.TransportError):
            await client.request(said[0], said[1], headers=said[2], content=said[3])

    async def main() -> None:
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://up") as client,
            trio.open_nursery() as nursery,
        ):
            for said in requests():
                nursery.start_soon(ask, client, said)

    trio.run(main)
    assert transport.session.load_max > 10
    assert log(seen) == proxied[1]


def test_the_middleware_is_like_the_proxy(proxied: tuple[list[Outcome], bytes]) -> None:
    """The middleware behind a real server decides byte for byte as the proxy does, and its client sees the same."""
    with serving(PLAN, seed=SEED, app=application) as bench, httpx.Client(base_url=bench.url) as client:
        assert outcomes(client.request) == proxied[0]
    assert log(bench.seen) == proxied[1]


CUT_ALL: dict[str, Any] = {"faults": {"partial": 1}}
EVENT = b"data: " + b"x" * 114 + b"\n\n"
CUTS = 16


def typed(n: int) -> str:
    """Half of the answers without a length are streams."""
    return "text/event-stream" if n % 2 else "text/plain"


def cuts(ask: Callable[..., httpx.Response]) -> None:
    """Ask for answers without a length."""
    for n in range(CUTS):
        with contextlib.suppress(httpx.TransportError):
            ask("GET", f"/{n}")


def cut_off(records: list[Any]) -> list[tuple[str, int, str, str]]:
    """What came of each: the target, the bytes that were sent, what was applied, why it was not."""
    return [(each.request.target, each.sent.bytes, each.applied, each.reason) for each in records]


async def unsized(scope: Any, receive: Any, send: Any) -> None:
    """Answers that say no length, in two pieces."""
    if scope["type"] == "lifespan":
        return await application(scope, receive, send)
    kind = typed(int(scope["path"][1:])).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": EVENT[:50], "more_body": True})
    await send({"type": "http.response.body", "body": EVENT[50:]})
    return None


def test_a_body_without_a_length_is_cut_alike() -> None:
    """Behind every door bytes are missing where `partial` is applied; a stream that ended before is bypassed."""
    with Upstream() as upstream:
        for n in range(CUTS):
            upstream.on(f"/{n}", chunked([EVENT[:9], EVENT[9:]], headers=[("Content-Type", typed(n))]))
        with running(CUT_ALL, upstream.url, seed=SEED) as run, httpx.Client(base_url=run.url) as client:
            cuts(client.request)
            found = cut_off(run.wait(CUTS))
    assert {(bool(applied), reason) for _, _, applied, reason in found} == {(True, ""), (False, "stream_ended")}
    assert all((size < len(EVENT)) == bool(applied) for _, size, applied, _ in found)

    def streamed(request: httpx.Request) -> httpx.Response:
        kind = typed(int(request.url.path[1:]))
        return httpx.Response(200, content=iter([EVENT[:77], EVENT[77:]]), headers={"content-type": kind})

    transport = ChaosTransport(httpx.MockTransport(streamed), plan=CUT_ALL, seed=SEED)
    seen: list[Any] = []
    transport.session.listeners.append(seen.append)
    with httpx.Client(transport=transport, base_url="http://up") as client:
        cuts(client.request)
    assert cut_off(seen) == found
    with serving(CUT_ALL, seed=SEED, app=unsized) as bench, httpx.Client(base_url=bench.url) as client:
        cuts(client.request)
    assert cut_off(bench.seen) == found
