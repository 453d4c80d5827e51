"""The server of the stand-ins speaks HTTP as clients expect it."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fozzy.chaos.services.standin import HttpServer, LlmServer, SseServer, StandIn
from fozzy.chaos.services.standins.http import BODY_BYTES_MAX
from fozzy.chaos.services.wire import Wire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PART = JSON | st.fixed_dictionaries({"type": st.just("text"), "text": JSON})
MESSAGE = JSON | st.fixed_dictionaries({}, optional={"role": st.just("user") | JSON, "content": JSON | st.lists(PART)})
ASKED = {
    "model": st.just("m") | JSON,
    "messages": st.lists(MESSAGE, max_size=3) | JSON,
    "input": st.lists(JSON, max_size=3) | JSON,
    "stream": st.booleans() | JSON,
    "stream_options": st.fixed_dictionaries({"include_usage": JSON}) | JSON,
    "dimensions": st.integers(-1, 5000) | JSON,
    "encoding_format": st.just("base64") | JSON,
    "query": st.text(max_size=5) | JSON,
    "documents": st.lists(JSON, max_size=3) | JSON,
    "top_k": st.integers(-2, 5) | JSON,
}
BODY = st.fixed_dictionaries({}, optional=ASKED) | JSON
ASKS = ("chat/completions", "responses", "messages", "messages/count_tokens", "embeddings", "rerank")
SAYS = {"role": "user", "content": "a"}


def answer(server: StandIn, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """The status and the whole body of an answer on a connection of its own."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        client.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = client.getresponse()
        return response.status, response.read()
    finally:
        client.close()


def is_refusal(body: bytes) -> bool:
    """Whether it is an error that the clients of all of them read."""
    said = json.loads(body)
    return bool(said["type"] == "error" and said["error"]["type"] == "invalid_request_error" and said["detail"])


def test_connections_are_kept(llm_server: LlmServer) -> None:
    """Requests one behind the other on one connection, joined and cut, each get their answer."""
    one = b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"
    with Wire(llm_server.port) as wire:
        wire.send(one + one + one[:9])
        for _ in range(2):
            assert wire.until(b"\r\n") == b"HTTP/1.1 200 OK"
            head = wire.until(b"\r\n\r\n")
            wire.exactly(int(head.rpartition(b" ")[2]))
        wire.send(one[9:])
        assert wire.until(b"\r\n") == b"HTTP/1.1 200 OK"
    assert {each.connection for each in llm_server.requests} == {1}


def test_who_asks_first_may_go_on(llm_server: LlmServer) -> None:
    """`Expect: 100-continue` is answered before the body; `Connection: close` ends the connection."""
    head = b"POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 25\r\n\r\n"
    with Wire(llm_server.port) as wire:
        wire.send(head)
        assert wire.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue"
        wire.send(b'{"model":"m","input":"a"}')
        assert wire.until(b"\r\n") == b"HTTP/1.1 200 OK"
        while wire.some():
            pass


def test_what_is_no_http_is_hung_up_on(llm_server: LlmServer) -> None:
    """It does not hang."""
    with Wire(llm_server.port) as wire:
        wire.send(b"\x16\x03\x01\r\n\r\n")
        assert wire.some() == b""


@given(body=BODY)
@example(body={"model": "m", "messages": ["hi"]})
@example(body={"messages": [SAYS], "stream": True})
@example(body={"input": "a", "stream": True})
@example(body={"model": "m", "messages": [SAYS], "stream": True, "stream_options": ["include_usage"]})
@example(body={"model": "m", "query": ["a"], "documents": [1]})
@pytest.mark.parametrize("ask", ASKS)
def test_whatever_it_is_asked_it_answers(ask: str, the_llm_server: LlmServer, body: Any) -> None:
    """A whole answer, or an error in its own form; never a connection that is closed without one."""
    status, said = answer(the_llm_server, "POST", f"/v1/{ask}", json.dumps(body).encode())
    assert status == 200 or (status == 400 and is_refusal(said))
    assert "Traceback" not in the_llm_server.log


@given(body=JSON, last=st.integers(-9, 9).map(str) | st.text(st.characters(min_codepoint=32, max_codepoint=126)))
@example(body=None, last="-9")
@example(body=None, last="9" * 5000)
def test_whatever_events_are_asked_for(the_sse_server: SseServer, body: Any, last: str) -> None:
    """A stream that ends, or an error; never one that breaks off."""
    the_sse_server.clear()
    status, said = answer(the_sse_server, "POST", "/events", json.dumps(body).encode(), Last_Event_ID=last)
    assert status == 200 or (status == 400 and is_refusal(said))
    assert "Traceback" not in the_sse_server.log


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"messages": ["hi"], "model": "m"}', "a message is no object"),
        (b'{"messages": [], "stream": true}', "model is missing"),
        (b'{"model": "m"}', "messages is missing"),
        (b'{"model": ', "truncated"),
        (b"\xff", "JSON is malformed"),
        (b"[" * 100_000 + b"]" * 100_000, "recursion"),
        (b"", "truncated"),
    ],
)
@pytest.mark.parametrize("ask", ["chat/completions", "messages"])
def test_an_error_says_what_is_wrong(llm_server: LlmServer, ask: str, body: bytes, message: str) -> None:
    """It is a 400 that says so, and the request is among those it was asked, with a whole answer."""
    status, said = answer(llm_server, "POST", f"/v1/{ask}", body)
    assert (status, is_refusal(said)) == (400, True)
    assert message in json.loads(said)["detail"]
    assert [each.ended for each in llm_server.requests] == ["whole"]


def test_a_body_that_is_too_large_is_refused(llm_server: LlmServer) -> None:
    """With 413, whether its size is said before or not, also to who sends all of it before it listens."""
    with Wire(llm_server.port) as wire:
        wire.send(f"POST /a HTTP/1.1\r\nContent-Length: {BODY_BYTES_MAX + 1}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert wire.until(b"\r\n") == b"HTTP/1.1 413 Content Too Large"
    size = BODY_BYTES_MAX + (4 << 20)
    assert answer(llm_server, "POST", "/b", b" " * size)[0] == 413
    with Wire(llm_server.port) as wire:
        wire.send(b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % size)
        wire.send(b" " * size + b"\r\n0\r\n\r\n")
        assert wire.until(b"\r\n") == b"HTTP/1.1 413 Content Too Large"
        assert b"\r\nConnection: close\r\n" in wire.until(b"\r\n\r\n") + b"\r\n"
    assert [(each.target, each.ended) for each in llm_server.requests] == [
        ("/a", "whole"),
        ("/b", "whole"),
        ("/c", "whole"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        b"FETCH / HTTP/1.1\r\n\r\n",
    ],
)
def test_a_request_that_is_broken_is_refused_behind_one_that_is_not(llm_server: LlmServer, wrong: bytes) -> None:
    """Each is answered, in order, and then the connection ends."""
    with Wire(llm_server.port) as wire:
        wire.send(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n" + wrong)
        assert wire.until(b"\r\n") == b"HTTP/1.1 200 OK"
        head = wire.until(b"\r\n\r\n")
        wire.exactly(int(head.rpartition(b" ")[2]))
        assert wire.until(b"\r\n") == b"HTTP/1.1 400 Bad Request"
        wire.until(b"\r\n\r\n")
        assert is_refusal(wire.some())
        assert wire.some() == b""


def test_other_protocols_are_not_spoken(llm_server: LlmServer) -> None:
    """Who asks for another is answered as HTTP/1.1, as for h2c and for a WebSocket."""
    for method, protocol in (("GET", "websocket"), ("GET", "h2c"), ("POST", "h2c")):
        body = b'{"model": "m", "input": "a"}' if method == "POST" else b""
        ask = "embeddings" if method == "POST" else "models"
        assert answer(llm_server, method, f"/v1/{ask}", body, Connection="Upgrade", Upgrade=protocol)[0] == 200


def test_targets_that_are_no_paths_are_answered(http_server: HttpServer) -> None:
    """Also those that are nobody's page, and states that no answer can have."""
    for target in (b"//[", b"http://[/", b"*", b"/%", b"/?%", b"/\xff", b"//a:b", b"a"):
        with Wire(http_server.port) as wire:
            wire.send(b"OPTIONS " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.until(b" ") == b"HTTP/1.1"
            assert wire.until(b" ") in (b"200", b"400"), target
    for status in ("204", "304", "418", "503", "999"):
        assert answer(http_server, "GET", f"/status/{status}")[0] == int(status)
    for status in ("0", "100", "199", "1000", "9" * 5000):
        assert answer(http_server, "GET", f"/status/{status}")[0] == 400


def test_what_is_nested_deep_can_be_read_again(http_server: HttpServer) -> None:
    """Whoever looks at what it was asked may stand deeper in calls than it does: then it is text."""
    for depth in (100, 300, 900, 980, 2000):
        assert answer(http_server, "POST", "/", b"[" * depth + b"]" * depth)[0] == 200
    assert [isinstance(each.body, list) for each in http_server.requests][0::4] == [True, False]
