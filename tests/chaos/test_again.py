"""A recorded request is sent once more as it was, on a connection of its own."""

from __future__ import annotations

import socket

import pytest
import trio

from fozzy.chaos.again import as_bytes, cannot, send
from fozzy.core.blob import Blob
from fozzy.core.exchange import Asked, Exchange
from tests.chaos.upstream import Upstream, bare


def of(request: Asked) -> Exchange:
    """An exchange with this request."""
    return Exchange(t=0, at="", number=1, arrived=0, key="", occurrence=1, source="proxy", request=request)


def test_headers_of_the_connection_stay_behind() -> None:
    """Everything else goes as it was spelled; the length is that of the body, however it came then."""
    headers = [("Host", "a"), ("Connection", "keep-alive"), ("X-\xe9", "\xe9"), ("Transfer-Encoding", "chunked")]
    request = Asked("POST", "/a?b", headers, Blob.of(b"\xff\x00"), 2, chunked=True)
    assert as_bytes(request) == (
        b"POST /a?b HTTP/1.1\r\nHost: a\r\nX-\xe9: \xe9\r\nContent-Length: 2\r\nConnection: close\r\n\r\n\xff\x00"
    )
    assert b"Content-Length" not in as_bytes(Asked("GET", "/"))


def test_what_cannot_be_sent_again() -> None:
    """A body that was not kept, a tunnel."""
    assert cannot(of(Asked("POST", "/", body=Blob.of(b"ab"), bytes=2))) == ""
    assert "not kept" in cannot(of(Asked("POST", "/", body=Blob.of(b"a"), bytes=2)))
    assert "plain" in cannot(of(Asked("GET", "/", [("Upgrade", "websocket")])))


def test_it_arrives() -> None:
    """At a real server, once, with its body."""
    with Upstream() as upstream:
        upstream.on("/pay", bare(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", keep=False))
        host, port = upstream.url.removeprefix("http://").split(":")
        request = Asked("POST", "/pay", [("Host", "a"), ("X-Id", "7")], Blob.of(b"{}"), 2)
        trio.run(lambda: send(request, host, int(port), tls=False))
        (got,) = upstream.requests
        assert (got.method, got.target, got.body, got.header("x-id")) == ("POST", "/pay", b"{}", "7")


def test_nobody_there_is_no_error() -> None:
    """What became of it is told by the proxy, or nobody is there to tell."""
    with socket.socket() as taken:  # bound and not listening: whoever asks there is refused
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        trio.run(lambda: send(Asked("GET", "/"), "127.0.0.1", port, tls=False))
