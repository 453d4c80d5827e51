"""A connection that becomes something else, over real sockets."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from websockets.sync.client import connect

from fozzy.chaos.http.wire import Wire
from tests.chaos.http.harness import everything, running, until
from tests.chaos.http.test_handling import parts_of
from tests.chaos.upstream import Line, Request, Upstream, head_of, plain, websocket_echo

UPGRADE = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n"


def switching(then: Any) -> Any:
    """A handler that switches protocols and goes on with another."""

    def handle(request: Request, line: Line) -> bool:
        line.send(head_of(101, [("Upgrade", "websocket"), ("Connection", "Upgrade")], "Switching Protocols"))
        return bool(then(line))

    return handle


def test_a_websocket_is_passed_through() -> None:
    """A published client speaks to a websocket server through the proxy, and each byte is what it was."""

    def echo(line: Line) -> bool:
        while data := line.some():  # frames are echoed unmasked
            size = data[1] & 127
            mask, body = data[2:6], data[6 : 6 + size]
            plain_body = bytes(byte ^ mask[n % 4] for n, byte in enumerate(body))
            line.send(bytes([data[0], size]) + plain_body)
            if data[0] & 15 == 8:
                return False
        return False

    def accept(request: Request, line: Line) -> bool:
        import base64
        import hashlib

        key = (request.header("sec-websocket-key") or "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        said = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        rows = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", said)]
        line.send(head_of(101, rows, "Switching Protocols"))
        return echo(line)

    with Upstream() as upstream, running({}, upstream.url) as run:
        upstream.on("/ws", accept)
        with connect(run.url.replace("http", "ws") + "/ws", compression=None) as client:
            for text in ("hello", "world"):
                client.send(text)
                assert client.recv() == text
        exchange = run.only()
        assert exchange.answer is not None and exchange.answer.status == 101
        assert exchange.sent is not None and exchange.sent.status == 101 and exchange.sent.bytes > 0


def test_halves_are_closed_one_by_one() -> None:
    """The client ends its half: upstream sees that, and what it still says arrives."""
    with Upstream() as upstream, running({}, upstream.url) as run, run.connect() as sock:
        upstream.on("/ws", websocket_echo)
        sock.sendall(UPGRADE + b"early")
        sock.sendall(b" and late")
        sock.shutdown(socket.SHUT_WR)
        data = everything(sock)
        status, headers, body = parts_of(data)
        assert (status, headers["upgrade"], headers["connection"]) == (101, "websocket", "Upgrade")
        assert body == b"early and latebye"
        asked = upstream.requests[0]
        assert asked.header("upgrade") == "websocket" and asked.header("connection") == "Upgrade"
        exchange = run.only()
        assert exchange.sent is not None and exchange.sent.bytes == len(body) and exchange.sent.ended == "whole"


def test_an_upgrade_that_upstream_refuses() -> None:
    """Upstream answers like any other request: so does the proxy, and the connection goes on."""
    with Upstream() as upstream, running({}, upstream.url) as run, run.connect() as sock:
        upstream.on("/ws", plain(426, [], b"no"))
        sock.sendall(UPGRADE)
        assert parts_of(sock.recv(65536))[::2] == (426, b"no")
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert parts_of(sock.recv(65536))[0] == 200


@pytest.mark.parametrize("who", ["client", "upstream"])
def test_a_reset_ends_both(who: str) -> None:
    """A reset of one side ends the other, and the record says whose it was."""

    def reset(line: Line) -> bool:
        line.some()
        line.reset()
        return False

    with Upstream() as upstream, running({}, upstream.url) as run, run.connect() as sock:
        upstream.on("/ws", switching(reset if who == "upstream" else lambda line: line.wait_closed(5)))
        sock.sendall(UPGRADE)
        assert parts_of(sock.recv(65536))[0] == 101
        if who == "client":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.close()
        else:
            sock.sendall(b"x")
            with pytest.raises(ConnectionResetError):
                everything(sock)
        exchange = run.only()
        assert exchange.reason == ("client_gone" if who == "client" else "upstream_short")


def test_faults_of_answers_do_not_reach_into_it() -> None:
    """A fault of a body cannot be done to what is no HTTP: bypassed."""
    with Upstream() as upstream, running({"faults": {"malformed": 1}}, upstream.url) as run, run.connect() as sock:
        upstream.on("/ws", websocket_echo)
        sock.sendall(UPGRADE + b"x")
        sock.shutdown(socket.SHUT_WR)
        assert everything(sock).endswith(b"xbye")
        assert (run.only().applied, run.only().reason) == ("", "upgraded")


def test_it_may_be_silent_for_long() -> None:
    """The times of HTTP do not count there; a stopped proxy ends it."""
    wire = Wire(idle_timeout_s=0.2, body_idle_timeout_s=0.2, answer_timeout_s=0.2, drain_s=0.2)
    with Upstream() as upstream, running({}, upstream.url, wire=wire) as run, run.connect() as sock:
        upstream.on("/ws", websocket_echo)
        sock.sendall(UPGRADE)
        assert parts_of(sock.recv(65536))[0] == 101
        sock.settimeout(0.6)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        sock.settimeout(5)
        sock.sendall(b"still here")
        assert sock.recv(100) == b"still here"
        run.stop()
        assert everything(sock) == b""
        until(lambda: bool(run.exchanges))
    assert run.exchanges[0].reason == "proxy_stopped"
