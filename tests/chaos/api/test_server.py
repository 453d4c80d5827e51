"""The control port over real sockets: it answers whatever comes, keeps its bounds, and traffic never locks it out."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import trio

from fozzy.chaos.api.guard import Guard
from fozzy.chaos.api.reading import BODY_BYTES_MAX
from fozzy.chaos.api.samples import controls
from fozzy.chaos.api.server import CONNECTIONS_MAX, ControlServer
from fozzy.errors import UsageError
from tests.chaos.api.running import Both, both

TIMEOUT_S = 10.0


@pytest.fixture(scope="module")
def running() -> Iterator[Both]:
    """A proxy and its controls, for tests that change nothing."""
    with both({"faults": {"drop": 1.0}}) as made:
        yield made


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)


def read_all(sock: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionError):
        while piece := sock.recv(65536):
            data += piece
    return data


def ask(port: int, data: bytes) -> tuple[int, dict[str, str], Any]:
    """What it answers to these bytes on a connection of their own."""
    with connect(port) as sock:
        with contextlib.suppress(ConnectionError):
            sock.sendall(data)
        return parsed(read_all(sock))


def parsed(data: bytes) -> tuple[int, dict[str, str], Any]:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rows = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
    return int(first.split()[1]), headers, json.loads(body) if body else None


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    said = {
        "Host": "127.0.0.1",
        "Connection": "close",
        **{key.replace("_", "-"): value for key, value in headers.items()},
    }
    if body:
        said = {"Content-Type": "application/json", "Content-Length": str(len(body)), **said}
    rows = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"{method} {path} HTTP/1.1\r\n{rows}\r\n".encode() + body


def test_it_answers_over_http(running: Both) -> None:
    """An answer has its type and length, says who we are, and is not to be kept by anybody."""
    status, headers, body = ask(running.control_port, request("GET", "/fozzy/health"))
    assert (status, body["status"]) == (200, "ok")
    assert headers["server"].startswith("fozzy/")
    assert (headers["content-type"], headers["cache-control"]) == ("application/json", "no-store")


def test_a_connection_is_used_again(running: Both) -> None:
    """One connection carries one request after the other, also sent in one go, until somebody ends it."""
    one = request("GET", "/fozzy/health").replace(b"Connection: close\r\n", b"")
    with connect(running.control_port) as sock:
        sock.sendall(one * 3 + request("GET", "/fozzy/health"))
        data = read_all(sock)
    assert data.count(b"HTTP/1.1 200 OK") == 4


def test_a_chunked_body_is_taken(running: Both) -> None:
    """A body without a length is read to its end."""
    data = request("POST", "/api/recorder/search", Transfer_Encoding="chunked", Content_Type="application/json")
    status, _, body = ask(running.control_port, data + b'2\r\n{"\r\n9\r\nlimit":5}\r\n0\r\n\r\n')
    assert (status, body["limit"]) == (200, 5)


def test_who_waits_to_send_is_told_to_go_on(running: Both) -> None:
    """`Expect: 100-continue` is answered where the body is wanted, and not where it is refused."""
    wanted = request("POST", "/api/recorder/search", b"{}", Expect="100-continue")
    with connect(running.control_port) as sock:
        sock.sendall(wanted[:-2])
        assert sock.recv(65536).startswith(b"HTTP/1.1 100 ")
        sock.sendall(b"{}")
        assert parsed(read_all(sock))[0] == 200
    refused = request("POST", "/api/recorder/search", b"{}", Expect="100-continue", Origin="http://evil.example")
    with connect(running.control_port) as sock:
        sock.sendall(refused[:-2])
        assert parsed(read_all(sock))[0] == 403


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (request("GET", "/fozzy/nothing"), 404, "chaos.api_path"),
        (request("GET", "http://127.0.0.1/fozzy/nothing"), 404, "chaos.api_path"),
        (request("DELETE", "/fozzy/health"), 405, "chaos.api_method"),
        (request("BREW", "/fozzy/health"), 400, "chaos.api_request"),
        (request("CONNECT", "127.0.0.1:1"), 405, "chaos.api_request"),
        (request("PUT", "/fozzy/config", b"{", Content_Type="application/json"), 400, "chaos.api_body"),
        (
            request("PUT", "/fozzy/config", b"a=1", Content_Type="application/x-www-form-urlencoded"),
            415,
            "chaos.api_type",
        ),
        (request("POST", "/fozzy/enable", Host="evil.example"), 403, "chaos.api_host"),
        (request("POST", "/fozzy/enable", Origin="http://evil.example"), 403, "chaos.api_origin"),
        (request("POST", "/fozzy/enable", Sec_Fetch_Site="cross-site"), 403, "chaos.api_origin"),
        (b"GET /fozzy/health HTTP/1.1\r\n\r\n", 400, "chaos.api_request"),
        (b"GET /fozzy/health HTTP/1.0\r\n\r\n", 403, "chaos.api_host"),
        (b"hello\r\n\r\n", 400, "chaos.api_request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "chaos.api_request"),
        (request("GET", "/fozzy/health", X="y" * 140_000), 431, "chaos.api_request"),
        (request("GET", "/fozzy/health", **{f"X_{number}": "y" for number in range(100)}), 431, "chaos.api_request"),
        (
            request("PUT", "/fozzy/config", Content_Type="application/json", Content_Length=str(BODY_BYTES_MAX + 1)),
            413,
            "chaos.api_too_large",
        ),
        (
            request("PUT", "/fozzy/config", Content_Length="5", Transfer_Encoding="chunked"),
            400,
            "chaos.api_request",
        ),
    ],
)
def test_whatever_comes_is_answered(running: Both, data: bytes, status: int, code: str) -> None:
    """Nothing that is sent makes it hang or fail; every refusal is JSON with a code."""
    before = running.control().get("/fozzy/config")
    answered, headers, body = ask(running.control_port, data)
    assert (answered, body["error"]["code"]) == (status, code)
    assert headers["content-type"] == "application/json"
    assert (status == 405 and code == "chaos.api_method") == ("allow" in headers)
    assert running.control().get("/fozzy/config") == before


def test_a_head_request_gets_no_body(running: Both) -> None:
    """What is answered to HEAD has a head alone."""
    with connect(running.control_port) as sock:
        sock.sendall(request("HEAD", "/fozzy/health"))
        data = read_all(sock)
    assert data.startswith(b"HTTP/1.1 405 ")
    assert data.endswith(b"\r\n\r\n")


def test_a_body_without_end_is_cut_off(running: Both) -> None:
    """A chunked body that goes on past the limit is answered with 413 and the end."""
    data = request("PUT", "/fozzy/config", Transfer_Encoding="chunked", Content_Type="application/json")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    assert ask(running.control_port, data + chunk * (BODY_BYTES_MAX // 65536 + 2))[0] == 413


def test_the_token_is_asked_for() -> None:
    """Without the token, or with another, nobody gets in; with it everything works."""
    with both(guard=Guard(token="right-token", is_local=False)) as made:
        status, headers, body = ask(made.control_port, request("POST", "/fozzy/enable"))
        assert (status, body["error"]["code"]) == (401, "chaos.api_token")
        assert headers["www-authenticate"].startswith("Bearer")
        assert ask(made.control_port, request("GET", "/fozzy/health", Authorization="Bearer wrong-token"))[0] == 401
        assert made.control("right-token").get("/fozzy/health")["status"] == "ok"


def test_traffic_that_fails_or_hangs_never_locks_it_out() -> None:
    """While every request on the traffic port is refused, held or stuck half-way, the controls answer as ever."""
    plan = {"routes": [{"path": "/*", "answer": {}}], "faults": {"timeout": {"hang": True}}}
    with both(plan) as made, contextlib.ExitStack() as stack:
        for number in range(50):
            held = stack.enter_context(connect(made.traffic))
            held.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" if number % 2 else b"POST / HTTP/1.1\r\nHost")
        control, until = made.control(), time.monotonic() + TIMEOUT_S
        while control.status()["load"]["requests"] < 25:
            assert time.monotonic() < until
            time.sleep(0.01)
        control.put("/fozzy/config/faults", {"drop": 1.0})
        with connect(made.traffic) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert b"chaos_drop" in read_all(sock)
        control.post("/fozzy/disable")
        assert control.status()["enabled"] is False


def test_many_connections_are_bounded() -> None:
    """Past so many open connections one more is told so; when some end there is room again."""
    with both() as made:
        with contextlib.ExitStack() as stack:
            for _ in range(CONNECTIONS_MAX):
                sock = stack.enter_context(connect(made.control_port))
                sock.sendall(request("GET", "/fozzy/health").replace(b"close", b"keep-alive"))
                assert sock.recv(12) == b"HTTP/1.1 200"
            status, _, body = ask(made.control_port, request("GET", "/fozzy/health"))
            assert (status, body["error"]["code"]) == (503, "chaos.api_busy")
        until = time.monotonic() + TIMEOUT_S
        while ask(made.control_port, request("GET", "/fozzy/health"))[0] != 200:
            assert time.monotonic() < until
            time.sleep(0.01)


def test_it_takes_connections_when_the_process_has_no_descriptor_left() -> None:
    """A few file descriptors are kept for the controls, so that traffic cannot take the last one."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with both() as made:
        taken: list[socket.socket] = []
        try:
            waiting = connect(made.control_port)  # a client's end needs one too
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
            client = socket.socket()
            client.settimeout(TIMEOUT_S)
            with contextlib.suppress(OSError):
                while True:
                    taken.append(socket.socket())
            client.connect(("127.0.0.1", made.control_port))
            client.sendall(request("GET", "/fozzy/health"))
            answered = parsed(read_all(client))
        finally:
            for sock in taken:
                sock.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        waiting.close()
        client.close()
        assert answered[0] == 200


def test_a_taken_port_is_told() -> None:
    """Where it cannot listen, the error says why."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = ControlServer(controls(), Guard())
        with pytest.raises(UsageError, match="cannot listen on 127.0.0.1") as caught:
            trio.run(server.serve, "127.0.0.1", taken.getsockname()[1])
    assert caught.value.code == "chaos.listen"


def test_who_sends_nothing_or_half_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection without a request, or with half of one, ends by itself."""
    monkeypatch.setattr("fozzy.chaos.api.server.IDLE_TIMEOUT_S", 0.05)
    monkeypatch.setattr("fozzy.chaos.api.server.REQUEST_TIMEOUT_S", 0.05)
    with both() as made:
        for data in (b"", b"GET /fozzy/hea", request("PUT", "/fozzy/config", b"{" + b" " * 50)[:-20]):
            with connect(made.control_port) as sock:
                sock.sendall(data)
                assert read_all(sock) == b""


def test_a_fault_of_ours_ends_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails outside an operation ends that connection alone, and is kept for who runs the proxy."""

    def fails(self: Guard, call: object) -> None:
        raise ZeroDivisionError

    with both() as made:
        with monkeypatch.context() as broken:
            broken.setattr(Guard, "check", fails)
            with connect(made.control_port) as sock:
                sock.sendall(request("GET", "/fozzy/health"))
                assert read_all(sock) == b""
        assert made.control().get("/fozzy/health")["status"] == "ok"
        assert [type(bug) for bug in made.server.bugs] == [ZeroDivisionError]
        made.server.bugs.clear()


def test_when_it_stops_nothing_is_left() -> None:
    """Stopped, it closes its listener and its connections, also those that are idle."""
    with both() as made:
        sock = connect(made.control_port)
        sock.sendall(request("GET", "/fozzy/health").replace(b"close", b"keep-alive"))
        assert sock.recv(65536).startswith(b"HTTP/1.1 200")
        port = made.control_port
    assert read_all(sock) == b""
    sock.close()
    with pytest.raises(ConnectionRefusedError):
        connect(port)
