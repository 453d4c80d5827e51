"""The API on its port: who may ask, what an answer looks like on the wire, and the token that is needed off loopback."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import trio

from fozzy.chaos.api.client import Control
from fozzy.chaos.files.values import Address
from fozzy.chaos.settings import Controlled
from fozzy.chaos.tcp.api.serving import PORT, server_of
from fozzy.chaos.tcp.journal import TcpJournal
from fozzy.chaos.tcp.session import TcpSession
from fozzy.errors import InputError, NotAllowedError
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.plan import TcpPlan
from tests.chaos.tcp.api.asking import FakeDoors, named

SOON_S = 10.0


@contextlib.contextmanager
def served(controlled: Controlled) -> Iterator[int]:
    """The port of a session's API, in a thread of its own."""
    session = TcpSession(Engine(TcpPlan(), 7))
    session.doors = FakeDoors()
    server, _ = server_of(session, TcpJournal(), controlled)
    begun, ports, scope = threading.Event(), list[int](), trio.CancelScope()
    token: list[trio.lowlevel.TrioToken] = []

    async def serve() -> None:
        with scope:
            async with trio.open_nursery() as nursery:
                session.begin()
                ports.append((await nursery.start(server.serve, "127.0.0.1", 0))[1])
                token.append(trio.lowlevel.current_trio_token())
                begun.set()

    thread = threading.Thread(target=trio.run, args=(serve,))
    thread.start()
    assert begun.wait(SOON_S)
    try:
        yield ports[0]
    finally:
        token[0].run_sync_soon(scope.cancel)
        thread.join(SOON_S)
    assert not thread.is_alive()
    assert server.bugs == []


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Of an API on this machine alone."""
    with served(Controlled(address=Address("127.0.0.1", 0))) as found:
        yield found


def asked(port: int, line: str, body: Any = None, **headers: str) -> tuple[bytes, bytes]:
    """Head and body of the answer to a request on a connection of its own."""
    data = b"" if body is None else json.dumps(body).encode()
    rows = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(data)), **headers}
    text = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in rows.items())
    with socket.create_connection(("127.0.0.1", port), timeout=SOON_S) as sock:
        sock.sendall(f"{line} HTTP/1.1\r\n{text}\r\n".encode() + data)
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    head, _, rest = answer.partition(b"\r\n\r\n")
    return head, rest


def test_what_stands_on_the_wire(port: int) -> None:
    """JSON with its length and type; 204 has neither, as HTTP wants it."""
    head, body = asked(port, "POST /proxies", named())
    assert head.startswith(b"HTTP/1.1 201 Created\r\n")
    assert b"Content-Type: application/json\r\n" in head
    assert f"Content-Length: {len(body)}\r\n".encode() in head
    assert json.loads(body)["name"] == "redis"
    head, body = asked(port, "DELETE /proxies/redis")
    assert head.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"Content-" not in head.replace(b"X-Content", b"")
    assert body == b""


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({"User_Agent": "Mozilla/5.0 (X11)"}, 403, "User agent not allowed"),
        ({"Origin": "http://evil.example"}, 403, 'requests from "http://evil.example" are not taken'),
        ({"Host": "evil.example"}, 403, 'this is not the host "evil.example"'),
        ({"Content-Length": "99999999"}, 413, "the body has more than "),
    ],
)
def test_who_may_not_ask(port: int, headers: dict[str, str], status: int, text: str) -> None:
    """Browsers, pages, other names and bodies without end are refused in Toxiproxy's form, before anything is done."""
    head, body = asked(port, "POST /proxies", None, **headers)
    said = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert said["error"].startswith(text)
    assert said["status"] == status
    assert json.loads(asked(port, "GET /proxies")[1]) == {}


def test_off_loopback_a_token_is_needed() -> None:
    """One is made where none is given; with it everything is answered, without it nothing."""
    session = TcpSession(Engine(TcpPlan(), 7))
    _, made = server_of(session, TcpJournal(), Controlled(address=Address("0.0.0.0", PORT)))
    assert len(made) > 20
    assert server_of(session, TcpJournal(), Controlled(address=Address("127.0.0.1", PORT)))[1] == ""
    with served(Controlled(address=Address("0.0.0.0", 0), token="abc")) as port:
        head, body = asked(port, "GET /proxies")
        assert head.startswith(b"HTTP/1.1 401 ")
        assert b'WWW-Authenticate: Bearer realm="fozzy"' in head
        assert json.loads(body)["code"] == "chaos.api_token"
        assert asked(port, "GET /proxies", Authorization="Bearer abc")[1] == b"{}\n"
        with pytest.raises(NotAllowedError) as caught:
            Control("127.0.0.1", port).status()
        assert caught.value.code == "chaos.api_token"
        assert Control("127.0.0.1", port, "abc").status()["door"] == "tcp"


def test_our_own_client_tells_refusals(port: int) -> None:
    """What commands use finds the code, the message and the hint in Toxiproxy's form too."""
    control = Control("127.0.0.1", port)
    control.post("/proxies", named())
    with pytest.raises(InputError) as caught:
        control.get("/proxies/rediss")
    error = caught.value
    assert (error.code, error.message) == ("chaos.unknown_proxy", 'there is no proxy "rediss"')
    assert error.hint == 'did you mean "redis"?'
    assert control.delete("/proxies/redis") == ""
