"""The client asks a control port over a real socket; whatever is wrong with the other side is said to people."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fozzy.chaos.api.client import Control, in_path
from fozzy.errors import InputError, NotAllowedError


class Other:
    """A listener that answers every connection with the same bytes, and keeps what it was asked."""

    def __init__(self, answer: bytes) -> None:
        self.asked: list[bytes] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            with taken:
                if self._answer:
                    self.asked.append(self._read(taken))
                    taken.sendall(self._answer)

    def _read(self, taken: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += taken.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                while len(body) < int(value):
                    body += taken.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def others() -> Iterator[list[Other]]:
    """Listeners that are closed at the end."""
    made: list[Other] = []
    yield made
    for other in made:
        other.close()


def answer(status: int, body: Any, server: str = "Server: fozzy/9.9.9\r\n") -> bytes:
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\n{server}Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


def control(others: list[Other], data: bytes, **said: Any) -> Control:
    others.append(Other(data))
    return Control("127.0.0.1", others[-1].port, timeout_s=10, **said)


def test_a_question_is_asked_as_http(others: list[Other]) -> None:
    """Method, path, query, token and body arrive as they were given, and the answer is decoded."""
    asked = control(others, answer(200, {"entries": []}), token="abc")
    assert asked.get("/fozzy/journal", status="5xx", limit=3, bodies=False, test=None) == {"entries": []}
    asked.start("a b/c", stack=True, for_="30s")
    asked.stop()
    first, second, third = (each.decode() for each in others[0].asked)
    assert first.startswith("GET /fozzy/journal?status=5xx&limit=3&bodies=false HTTP/1.1\r\n")
    assert "Authorization: Bearer abc\r\n" in first
    assert second.startswith("POST /fozzy/scenarios/a%20b%2Fc HTTP/1.1\r\n")
    assert second.endswith('\r\n\r\n{"stack":true,"for":"30s"}')
    assert "Content-Type: application/json\r\n" in second
    assert third.startswith("DELETE /fozzy/scenarios HTTP/1.1\r\n")


def test_text_is_text(others: list[Other]) -> None:
    """What is no JSON, as metrics, is given as text."""
    data = b"HTTP/1.1 200 OK\r\nServer: fozzy/1\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\na 1\n"
    assert control(others, data).get("/metrics") == "a 1\n"


def test_nothing_listens() -> None:
    """Where nobody listens, the error says so and how to start a proxy."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(InputError) as caught:
        Control("127.0.0.1", port).status()
    assert caught.value.code == "chaos.control_unreachable"
    assert caught.value.message == f"nothing listens on 127.0.0.1:{port}"
    assert f"--control 127.0.0.1:{port}" in caught.value.hint


def test_a_host_that_is_not_there() -> None:
    """A name that nobody has is told as such."""
    with pytest.raises(InputError, match="cannot be reached") as caught:
        Control("nobody.invalid", 1).status()
    assert caught.value.code == "chaos.control_unreachable"


def test_who_hangs_does_not_answer() -> None:
    """A port that takes the connection and says nothing is given up."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(InputError, match="does not answer"):
        Control("127.0.0.1", silent.getsockname()[1], timeout_s=0.05).status()


@pytest.mark.parametrize(
    "data",
    [
        answer(200, {"ok": True}, server=""),
        answer(404, {"error": {"code": "no_route", "message": "x"}}, server="Server: nginx\r\n"),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nServer: fozzy/1\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{{{",
        answer(500, "no object"),
        answer(400, {"error": "plain"}),
    ],
)
def test_what_is_no_fozzy_proxy(others: list[Other], data: bytes) -> None:
    """Another server, or the proxy's own traffic port, is told apart from the controls."""
    with pytest.raises(InputError) as caught:
        control(others, data).status()
    assert caught.value.code == "chaos.control_stranger"


def test_one_that_hangs_up(others: list[Other]) -> None:
    """A connection that ends without an answer is told as such."""
    with pytest.raises(InputError) as caught:
        control(others, b"").status()
    assert caught.value.code == "chaos.control_unreachable"


def test_a_wrong_token(others: list[Other]) -> None:
    """Whoever is not let in learns how to give the token."""
    refused = answer(401, {"error": {"code": "chaos.api_token", "message": "the token is wrong"}})
    with pytest.raises(NotAllowedError, match="the token is wrong") as caught:
        control(others, refused).status()
    assert caught.value.code == "chaos.api_token"
    assert "FOZZY_CHAOS_CONTROL_TOKEN" in caught.value.hint


def test_what_the_proxy_refuses_is_told_as_it_says(others: list[Other]) -> None:
    """Code, message and hint of a refusal are those of the proxy."""
    said = {"code": "chaos.unknown_scenario", "message": "there is no scenario", "hint": "did you mean x?"}
    with pytest.raises(InputError, match="there is no scenario") as caught:
        control(others, answer(404, {"error": said})).start("y")
    assert (caught.value.code, caught.value.hint) == ("chaos.unknown_scenario", "did you mean x?")


def test_names_are_safe_in_paths() -> None:
    """A name with slashes and spaces is one part of a path."""
    assert in_path("a/b c%?#é") == "a%2Fb%20c%25%3F%23%C3%A9"
