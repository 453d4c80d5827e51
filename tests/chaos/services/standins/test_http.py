"""The server of the stand-ins speaks HTTP as clients expect it."""

from __future__ import annotations

from fozzy.chaos.services.standin import LlmServer
from fozzy.chaos.services.wire import Wire


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
