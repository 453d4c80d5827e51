"""Recording and serving over real sockets: the acceptance cases of cassettes, a counting upstream behind the proxy."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from fozzy.chaos.cassette.entries import cassette_files, flaw_of
from fozzy.chaos.cassette.header import Begun, wire_redactor
from fozzy.chaos.cassette.library import Library
from fozzy.chaos.cassette.recorder import CassetteRecorder, Kept
from fozzy.chaos.cassette.redecide import Redeciding, decisions_again
from fozzy.chaos.cassette.tape import Place
from fozzy.chaos.cassette.timeline import Timeline
from fozzy.chaos.decisions import decision_lines
from fozzy.chaos.http.wire import Wire
from fozzy.core.exchange import Exchange
from fozzy.trace.reader import open_trace
from tests.chaos.cassette.door import RUN, summary
from tests.chaos.http.harness import Running, everything, planned, running, until
from tests.chaos.upstream import Line, Request, Upstream, chunked, closes, dies, echo, plain, sse, websocket_echo

SECRET = "s3cr3t-91c2f7"
KEPT: dict[str, Kept] = {}


@contextlib.contextmanager
def recording(path: Path, upstream: str | None, plan: Any = None, **said: Any) -> Iterator[Running]:
    """A proxy that records; what was kept is in `KEPT` at its end."""
    is_folder, goes_on = said.pop("is_folder", False), said.pop("goes_on", False)
    begun = Begun(seed=said.get("seed", 7), has_upstream=True, plan=planned(plan))
    place = Place(path, "append", RUN, goes_on)
    recorder = CassetteRecorder(begun, "proxy", place, wire_redactor([]), is_folder=is_folder)
    cassette = said.get("cassette")
    if isinstance(cassette, Library):
        recorder.is_known = cassette.is_known
    with running(plan, upstream, **said) as run:
        run.on_loop(lambda: recorder.attach(run.session))
        yield run
    KEPT[path.name] = recorder.finish(summary)


@contextlib.contextmanager
def serving(
    path: Path, *, as_recorded: bool = False, plan: Any = None, upstream: str | None = None, **said: Any
) -> Any:
    """A proxy that answers from a recording, and its library."""
    library = Library(path, wire_redactor([]), **said)
    if as_recorded:
        with Timeline(cassette_files(path)) as timeline:
            library.apply(decisions_again(timeline))
    try:
        with running(plan, upstream, cassette=library) as run:
            yield run, library
    finally:
        library.close()


def exchanges(path: Path) -> list[Exchange]:
    """What a trace holds."""
    with open_trace(path) as trace:
        trace.check_seal()
        return [record for record in trace.records() if isinstance(record, Exchange)]


def shown(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """What a client sees; by which of two framings a body came depends on how quickly upstream was."""
    framing = ("content-length", "transfer-encoding")
    headers = [pair for pair in answer.headers.multi_items() if pair[0] not in framing]
    return answer.status_code, headers, answer.content


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server that counts."""
    with Upstream() as server:
        yield server


def test_what_upstream_sent_is_kept_though_chaos_was_on(tmp_path: Path, upstream: Upstream) -> None:
    """Recorded with malformed on, the artifact equals what was sent, and a replay without chaos gives it."""
    upstream.on("/a", plain(201, [("Content-Type", "application/json"), ("X-A", "1"), ("X-A", "2")], b'{"a": 1}'))
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url, {"faults": {"malformed": 1}}) as run, pytest.raises(json.JSONDecodeError):
        httpx.get(f"{run.url}/a").json()
    kept = exchanges(path)[0]
    assert kept.applied == "malformed" and kept.answer is not None
    assert (kept.answer.status, kept.answer.body.data()) == (201, b'{"a": 1}')
    upstream.close()
    with serving(path) as (run, _):
        answer = httpx.get(f"{run.url}/a")
    assert (answer.status_code, answer.json()) == (201, {"a": 1})
    assert answer.headers.get_list("x-a") == ["1", "2"]


def test_a_replay_needs_no_upstream_and_is_the_same_twice(tmp_path: Path, upstream: Upstream) -> None:
    """With upstream stopped status, headers and bytes come as they came from it, each time; nobody is asked."""
    body = bytes(range(256)) * 40
    upstream.on("/b", plain(418, [("Content-Type", "image/x"), ("Retry-After", "7")], body, "Teapot"))
    upstream.on("/c", chunked([b"one", b"two"], trailers=[("X-Sum", "5")]))
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url) as run:
        live = {each: shown(httpx.post(f"{run.url}{each}", content=b"x" * 9)) for each in ("/b", "/c", "/d?q=1")}
    assert upstream.count == 3
    upstream.close()
    with serving(path) as (run, library):
        for _ in range(2):
            for each, wanted in live.items():
                assert shown(httpx.post(f"{run.url}{each}", content=b"x" * 9)) == wanted
    assert (library.found, library.missed, upstream.count) == (6, 0, 3)


def test_without_a_recording_nothing_is_written(tmp_path: Path, upstream: Upstream, monkeypatch: Any) -> None:
    """A proxy alone keeps nothing: the same request goes to upstream again."""
    monkeypatch.chdir(tmp_path)
    with running(None, upstream.url) as run:
        for _ in range(2):
            httpx.get(f"{run.url}/a")
    assert upstream.count == 2 and list(tmp_path.iterdir()) == []


def test_a_miss_is_refused_before_upstream(tmp_path: Path, upstream: Upstream) -> None:
    """What was not recorded gets 503 that names the nearest request and the first difference, and is counted."""
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url) as run:
        httpx.post(f"{run.url}/chat", json={"model": "a", "messages": [{"content": "hello"}]})
    before = upstream.count
    with serving(path, upstream=upstream.url) as (run, library):
        answer = httpx.post(f"{run.url}/chat", json={"model": "a", "messages": [{"content": "bye"}]})
    assert (answer.status_code, upstream.count, library.missed) == (503, before, 1)
    said = answer.json()
    assert said["error"]["code"] == "cassette_miss"
    assert said["differs"] == [{"what": "body.messages[0].content", "recorded": "hello", "asked": "bye"}]
    assert "#1 POST /chat" in library.findings()[0].message


def test_a_stream_that_was_left_is_not_recorded_as_whole(tmp_path: Path, upstream: Upstream) -> None:
    """A client that leaves before the terminal event leaves an entry that is never served; after it, a whole one."""
    upstream.on("/left", sse(["one", "two", "[DONE]"], gap_s=1))
    upstream.on("/done", chunked([b"data: one\n\n", b"data: [DONE]\n\n", b": bye\n\n"], gap_s=0.3, headers=[SSE]))
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url) as run:
        for target, last in (("/left", b"data: one\n\n"), ("/done", b"[DONE]\n\n")):
            with run.connect() as sock:
                sock.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                seen = b""
                while last not in seen:
                    seen += sock.recv(4096)
        run.wait(2)
    flaws = {each.request.target: flaw_of(each) for each in exchanges(path)}
    assert "the client left" in flaws["/left"] and flaws["/done"] == ""
    upstream.close()
    with serving(path) as (run, _):
        answer = httpx.get(f"{run.url}/left")
        assert answer.status_code == 503 and "had ended" in answer.json()["error"]["message"]
        assert b"[DONE]" in run.ask(b"GET /done HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


SSE = ("Content-Type", "text/event-stream")


def test_a_body_over_the_limit_is_relayed_and_not_recorded(tmp_path: Path, upstream: Upstream) -> None:
    """A long body goes through whole; its record says that it is not here, and it is never served."""
    upstream.on("/big", plain(200, [], b"x" * 300_000))
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url, wire=Wire(drain_s=1, record_bytes_max=100_000)) as run:
        assert httpx.get(f"{run.url}/big").content == b"x" * 300_000
        assert httpx.post(f"{run.url}/up", content=b"y" * 200_000).status_code == 200
    kept = exchanges(path)
    assert [bool(each.not_recorded) for each in kept] == [True, True]
    assert path.stat().st_size < 50_000
    upstream.close()
    with serving(path) as (run, _):
        assert "longer than what is recorded" in httpx.get(f"{run.url}/big").json()["error"]["message"]


def test_each_test_has_one_file_that_is_served_as_written(tmp_path: Path, upstream: Upstream) -> None:
    """Two requests of one test are two entries of one file, whose name says which test."""
    with recording(tmp_path / "tapes", upstream.url, is_folder=True) as run:
        for n in range(2):
            httpx.get(f"{run.url}/a?n={n}", headers={"X-Test-Id": "checkout"})
        httpx.get(f"{run.url}/a?n=0")
    assert sorted(path.name for path in KEPT["tapes"].paths) == ["checkout.fozzy", "default.fozzy"]
    assert [each.test for each in exchanges(tmp_path / "tapes" / "checkout.fozzy")] == ["checkout"] * 2
    upstream.close()
    with serving(tmp_path / "tapes") as (run, library):
        answer = httpx.get(f"{run.url}/a?n=1", headers={"X-Test-Id": "checkout"})
        assert answer.json()["target"] == "/a?n=1"
        assert httpx.get(f"{run.url}/a?n=1").status_code == 503
    assert library.missed == 1


def test_a_chunked_body_is_the_same_as_a_sized_one(tmp_path: Path, upstream: Upstream) -> None:
    """How a request's body comes does not matter, nor how its JSON is written; what it says does."""
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url) as run:
        httpx.post(f"{run.url}/a", content=b'{"a": 1, "b": [true]}')
    upstream.close()
    with serving(path) as (run, _):
        pieces = iter([b'{"b":[tr', b'ue],"a":', b"1}"])
        assert httpx.post(f"{run.url}/a", content=pieces).status_code == 200
        assert httpx.post(f"{run.url}/a", content=b'{"a": 1, "b": [true], "c": 0}').status_code == 503


def test_auto_answers_what_it_knows_and_records_the_rest(tmp_path: Path, upstream: Upstream) -> None:
    """What is recorded does not reach upstream, what is not does and is recorded behind the old entries."""
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url) as run:
        httpx.get(f"{run.url}/old")
    for targets in (["/old", "/new"], ["/new", "/old"]):
        library = Library(path, wire_redactor([]), mode="auto")
        with recording(path, upstream.url, cassette=library, goes_on=True) as run:
            for target in targets:
                assert httpx.get(f"{run.url}{target}").json()["target"] == target
        library.close()
    assert upstream.count == 2
    assert [each.request.target for each in exchanges(path)] == ["/old", "/new"]
    with Timeline([path]) as timeline:
        assert Redeciding(timeline).run().divergence.verdict == "SAME"


def test_auto_without_anybody_to_ask_is_a_miss(tmp_path: Path, upstream: Upstream) -> None:
    """What is not recorded gets 503 and the reason, and no bug is met; the miss is no answer of the recording then."""
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url) as run:
        httpx.get(f"{run.url}/old")
    for _ in range(2):
        library = Library(path, wire_redactor([]), mode="auto")
        with recording(path, None, cassette=library, goes_on=True) as run:
            assert httpx.get(f"{run.url}/old").status_code == 200
            missed = httpx.get(f"{run.url}/new")
            assert missed.status_code == 503 and "cassette_miss" in missed.text
            assert run.proxy.bugs == []
        library.close()
    assert [each.reason for each in exchanges(path)][1:] == ["not_recorded"] * 2


def test_a_stream_comes_in_its_pieces_at_recorded_times(tmp_path: Path, upstream: Upstream) -> None:
    """Events come one by one: at once, at the times of then, or scaled; the bytes are the same."""
    upstream.on("/s", sse([f"event {n}" for n in range(4)], gap_s=0.1))
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url) as run:
        live = httpx.get(f"{run.url}/s").content
    kept = exchanges(path)[0].answer
    assert kept is not None and 1 < len(kept.chunks) <= 4 and sum(size for _, size in kept.chunks) == len(live)
    upstream.close()
    took: dict[float, float] = {}
    for pace in (0.0, 1.0, 3.0):
        with serving(path, pace=pace) as (run, _):
            began = time.monotonic()
            with httpx.stream("GET", f"{run.url}/s") as answer:
                pieces = list(answer.iter_raw())
            took[pace] = time.monotonic() - began
            assert b"".join(pieces) == live
            assert len(pieces) == len(kept.chunks) or pace == 0
    last_s = (kept.chunks[-1][0] - kept.chunks[0][0]) / 1e9
    assert took[1.0] > 0.9 * last_s and took[3.0] > 2.7 * last_s


def test_an_upstream_that_breaks_off_breaks_off_again(tmp_path: Path, upstream: Upstream) -> None:
    """Short answers are served short, no answer as the same 502; the client sees what it saw."""
    upstream.on("/short", dies(b"half", 100))
    upstream.on("/none", closes())
    path = tmp_path / "t.fozzy"

    def seen(run: Running, target: str) -> bytes:
        return run.ask(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    with recording(path, upstream.url) as run:
        live = [seen(run, "/short"), seen(run, "/none")]
    assert live[0].endswith(b"half") and b" 502 " in live[1][:20]
    upstream.close()
    with serving(path) as (run, _):
        assert [seen(run, "/short"), seen(run, "/none")] == live


PLAN = {
    "latency": {"uniform": ["1ms", "5ms"], "probability": 0.3},
    "faults": {
        "drop": 0.1,
        "malformed": {"how": "bit-flip", "probability": 0.2},
        "disconnect": {"at": "before-response", "probability": 0.1},
        "status": {"codes": [500, 503], "probability": 0.1},
        "status_override": {"status": 418, "probability": 0.1},
        "partial": 0.1,
    },
}


def ask_all(run: Running, clients: int) -> dict[int, Any]:
    """500 requests, each what the client of it sees: an answer, or that the connection ended."""
    local = threading.local()
    opened: list[httpx.Client] = []

    def one(n: int) -> tuple[int, Any]:
        if not hasattr(local, "client"):
            local.client = httpx.Client(base_url=run.url, timeout=30)
            opened.append(local.client)
        try:
            answer = local.client.post(f"/item/{n % 40}", content=b'{"n": %d}' % n)
            return n, (answer.status_code, hashlib.sha256(answer.content).hexdigest())
        except httpx.TransportError:
            return n, "ended"

    with ThreadPoolExecutor(clients) as pool:
        found = dict(pool.map(one, range(500)))
    for client in opened:
        client.close()
    return found


def body_of(request: Request, line: Line) -> bool:
    """An answer that depends on the request alone, and not on its connection."""
    said = json.dumps({"target": request.target, "body": request.body.decode(), "pad": "x" * 200}).encode()
    return plain(200, [("Content-Type", "application/json")], said)(request, line)


def test_the_same_requests_have_the_same_decisions_and_come_again(tmp_path: Path, upstream: Upstream) -> None:
    """Under one seed 500 requests are decided alike one by one and by 32 clients; replayed as recorded, without
    upstream, each gets the same bytes and faults, and without that flag the true answers."""
    for n in range(40):
        upstream.on(f"/item/{n}", body_of)
    seen = {}
    for name, clients in (("serial", 1), ("many", 32)):
        with recording(tmp_path / f"{name}.fozzy", upstream.url, PLAN) as run:
            seen[name] = ask_all(run, clients)
    logs = [b"".join(decision_lines(exchanges(tmp_path / f"{name}.fozzy"))) for name in seen]
    assert logs[0] == logs[1] and logs[0].count(b"\n") == 500
    assert seen["serial"] == seen["many"]
    assert len({each[0] for each in seen["serial"].values()}) >= 5
    for name in seen:
        with Timeline([tmp_path / f"{name}.fozzy"]) as timeline:
            assert Redeciding(timeline).run().divergence.cause is None
    upstream.close()
    with serving(tmp_path / "many.fozzy", as_recorded=True) as (run, library):
        assert ask_all(run, 32) == seen["serial"]
    assert (library.found, library.missed) == (500, 0)
    again = b"".join(decision_lines(run.exchanges))
    assert again == logs[0]
    with serving(tmp_path / "many.fozzy") as (run, library):
        true = ask_all(run, 8)
    asked = {n for n, each in seen["serial"].items() if true[n][0] == 200}
    assert all(true[n][0] in (200, 503) for n in true) and len(asked) > 300
    for n in asked:
        wanted = json.dumps({"target": f"/item/{n % 40}", "body": f'{{"n": {n}}}', "pad": "x" * 200}).encode()
        assert true[n] == (200, hashlib.sha256(wanted).hexdigest())


def test_no_secret_reaches_the_file_or_a_miss(tmp_path: Path, upstream: Upstream) -> None:
    """Neither the key of a client nor a token in an answer is in the recording; requests match all the same."""
    token = plain(200, [("Set-Cookie", f"sid={SECRET}-cookie")], json.dumps({"token": f"{SECRET}-token"}).encode())
    upstream.on("/login", token)
    path = tmp_path / "t.fozzy"
    headers = {"Authorization": f"Bearer {SECRET}"}
    with recording(path, upstream.url) as run:
        answer = httpx.post(f"{run.url}/login", json={"user": "u", "password": f"{SECRET}-pass"}, headers=headers)
        assert answer.json() == {"token": f"{SECRET}-token"}
        httpx.get(f"{run.url}/items?key={SECRET}-token", headers=headers)
    assert SECRET.encode() not in path.read_bytes()
    upstream.close()
    with serving(path) as (run, _):
        answer = httpx.post(f"{run.url}/login", json={"user": "u", "password": "another-one"})
        assert answer.json() == {"token": "<redacted>"}
        missed = httpx.post(f"{run.url}/login", json={"user": "v", "password": f"{SECRET}-other"}, headers=headers)
        assert missed.status_code == 503 and SECRET not in missed.text


def chat(request: Request, line: Line) -> bool:
    """As much of a chat API as its published client wants."""
    said = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m"}
    if not json.loads(request.body).get("stream"):
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}
        return plain(200, [("Content-Type", "application/json")], json.dumps({**said, "choices": [choice]}).encode())(
            request, line
        )
    events = []
    for word in ("hel", "lo"):
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        events.append(json.dumps({**said, "object": "chat.completion.chunk", "choices": [choice]}))
    return sse([*events, "[DONE]"])(request, line)


def test_the_published_client_is_served_plain_and_streaming(tmp_path: Path, upstream: Upstream) -> None:
    """The OpenAI client is recorded once and answered from the recording, with its key nowhere in it."""
    upstream.on("/v1/chat/completions", chat)
    path = tmp_path / "t.fozzy"

    def both(url: str) -> tuple[str | None, str]:
        messages: Any = [{"role": "user", "content": "hi"}]
        with openai.OpenAI(base_url=f"{url}/v1", api_key=f"sk-{SECRET}", max_retries=0) as client:
            whole = client.chat.completions.create(model="m", messages=messages).choices[0].message.content
            pieces = client.chat.completions.create(model="m", messages=messages, stream=True)
            return whole, "".join(each.choices[0].delta.content or "" for each in pieces)

    with recording(path, upstream.url) as run:
        assert both(run.url) == ("hello", "hello")
        run.wait(2)
    assert [flaw_of(each) for each in exchanges(path)] == ["", ""]
    assert SECRET.encode() not in path.read_bytes()
    upstream.close()
    with serving(path) as (run, library):
        assert both(run.url) == ("hello", "hello")
    assert library.missed == 0


def test_a_killed_client_leaves_nothing_open(tmp_path: Path, upstream: Upstream) -> None:
    """A client that leaves while it is served from a recording is journalled, and the next one is served."""
    upstream.on("/s", sse(["one", "two", "three"], gap_s=0.2))
    upstream.on("/a", echo)
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url) as run:
        httpx.get(f"{run.url}/s")
    upstream.close()
    with serving(path, pace=2.0) as (run, _):
        with run.connect() as sock:
            sock.sendall(b"GET /s HTTP/1.1\r\nHost: x\r\n\r\n")
            assert re.match(rb"HTTP/1\.1 200 ", sock.recv(15))
        until(lambda: len(run.exchanges) == 1)
        assert run.exchanges[0].sent is not None and run.exchanges[0].sent.ended == "client_gone"
        assert httpx.get(f"{run.url}/s").content.count(b"data:") == 3


SWITCH = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n"


def switched(run: Running) -> bytes:
    """What comes of a request to switch, until both sides have ended."""
    with run.connect() as sock:
        sock.sendall(SWITCH)
        head = sock.recv(65536)
        sock.shutdown(socket.SHUT_WR)
        return head + everything(sock)


def test_a_switch_of_protocols_is_not_served(tmp_path: Path, upstream: Upstream) -> None:
    """What was said over a websocket is not recorded, so it is a miss that says so; `auto` asks upstream again."""
    upstream.on("/ws", websocket_echo)
    path = tmp_path / "t.fozzy"
    with recording(path, upstream.url) as run:
        assert switched(run).startswith(b"HTTP/1.1 101 ")
        assert run.only().reason == ""
    with serving(path) as (run, _):
        said = run.ask(SWITCH[:-2] + b"Connection: close\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 503 ") and b"it switched protocols" in said
    assert upstream.count == 1
    with serving(path, upstream=upstream.url, mode="auto") as (run, _):
        assert switched(run).startswith(b"HTTP/1.1 101 ")
    assert upstream.count == 2
