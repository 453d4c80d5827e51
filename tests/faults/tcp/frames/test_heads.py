"""The head of a message says where the message ends, or is refused."""

from __future__ import annotations

import pytest

from fozzy.faults.tcp.frames.heads import (
    BadHead,
    end_of,
    fields_of,
    may_be_reply,
    may_be_request,
    path_of,
    reply_of,
    request_of,
    with_length,
)
from fozzy.faults.tcp.message import Body


def head(*lines: str) -> bytes:
    """Lines and the blank one."""
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ((), Body("none")),
        (("Content-Length: 5",), Body("sized", 5)),
        (("content-length :5 ",), Body("sized", 5)),
        (("Content-Length: 5", "Content-Length: 5"), Body("sized", 5)),
        (("Content-Length: 0",), Body("none")),
        (("Transfer-Encoding: chunked",), Body("chunked")),
        (("Transfer-Encoding: gzip, Chunked", "Content-Length: 5"), Body("chunked")),
        (("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), Body("chunked")),
        (("X: y", "Transfer-Encoding:", " chunked"), Body("chunked")),
        (("X-Content-Length: 5",), Body("none")),
    ],
)
def test_a_request_says_its_body(lines: tuple[str, ...], body: Body) -> None:
    """Without a length it has none; chunks count more than a length."""
    assert request_of(head("POST /a HTTP/1.1", "Host: x", *lines)).body == body


@pytest.mark.parametrize(
    "line", ["Content-Length: 5, 6", "Content-Length: -1", "Content-Length: x", "Transfer-Encoding: gzip"]
)
def test_a_request_of_doubtful_length_is_refused(line: str) -> None:
    """What has several lengths, none that is a number, or an unknown coding cannot be followed."""
    with pytest.raises(BadHead):
        request_of(head("POST /a HTTP/1.1", line))


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a/b", "/a/b"),
        ("/a?token=secret", "/a"),
        ("/a#x", "/a"),
        ("http://user:pw@host:1/a?b", "/a"),
        ("http://host", "/"),
        ("*", "*"),
        ("host:443", "host:443"),
    ],
)
def test_a_request_is_about_its_method_and_path(target: str, path: str) -> None:
    """Queries and names of users are no part of it."""
    assert path_of(target) == path
    assert request_of(head(f"GET {target} HTTP/1.1")).about == f"GET {path}"


@pytest.mark.parametrize(
    ("version", "lines", "is_kept"),
    [
        ("1.1", (), True),
        ("1.1", ("Connection: close",), False),
        ("1.1", ("Connection: Keep-Alive",), True),
        ("1.1", ("Connection: upgrade, CLOSE",), False),
        ("1.0", (), False),
        ("1.0", ("Accept: x",), False),
        ("1.0", ("Content-Length: 0",), False),
        ("1.0", ("Connection: keep-alive",), True),
    ],
)
def test_a_request_says_whether_the_connection_goes_on(version: str, lines: tuple[str, ...], is_kept: bool) -> None:
    """In 1.1 unless it says otherwise, in 1.0 only where it says so."""
    assert request_of(head(f"GET / HTTP/{version}", *lines)).is_kept is is_kept


@pytest.mark.parametrize(
    ("status", "asked", "lines", "body"),
    [
        ("200 OK", "GET /", ("Content-Length: 5",), Body("sized", 5)),
        ("200", "GET /", ("Content-Length: 0",), Body("sized", 0)),
        ("200 OK", "HEAD /", ("Content-Length: 5",), Body("none")),
        ("204 No Content", "GET /", ("Content-Length: 5",), Body("none")),
        ("304 Not Modified", "GET /", ("Content-Length: 5",), Body("none")),
        ("100 Continue", "POST /", (), Body("none")),
        ("200 OK", "GET /", (), Body("close")),
        ("200 OK", "GET /", ("Transfer-Encoding: gzip",), Body("close")),
        ("200 OK", "GET /", ("Content-Type: text/event-stream; charset=utf-8",), Body("close", is_stream=True)),
        (
            "200 OK",
            "GET /",
            ("Content-Type: Text/Event-Stream", "Transfer-Encoding: chunked"),
            Body("chunked", is_stream=True),
        ),
        ("200 OK", "GET /", ("Content-Type: text/event-stream", "Content-Length: 9"), Body("sized", 9, True)),
        ("200 OK", "GET /", ("Content-Type: text/event-stream", "Content-Encoding: gzip"), Body("close")),
        ("200 OK", "GET /", ("Content-Type: text/event-streams",), Body("close")),
    ],
)
def test_a_reply_says_its_body(status: str, asked: str, lines: tuple[str, ...], body: Body) -> None:
    """It depends on the status, on what was asked, and on the fields; compressed events cannot be told apart."""
    assert reply_of(head(f"HTTP/1.1 {status}", *lines), asked).body == body


@pytest.mark.parametrize(
    "line",
    ["GET / HTTP/2.0", "GET /", "GET  / HTTP/1.1", "G@T / HTTP/1.1", "GET /\tx HTTP/1.1", "x" * 65 + " / HTTP/1.1"],
)
def test_what_is_no_request_is_refused(line: str) -> None:
    """Also as soon as its first line is there."""
    assert not may_be_request(line.encode() + b"\r\n")
    with pytest.raises(BadHead):
        request_of(head(line))


@pytest.mark.parametrize("line", ["HTTP/2 200", "ICY 200 OK", "HTTP/1.1 20", "HTTP/1.1 099 x", "-ERR x"])
def test_what_is_no_reply_is_refused(line: str) -> None:
    """Also as soon as its first line is there."""
    assert not may_be_reply(line.encode() + b"\r\n")
    with pytest.raises(BadHead):
        reply_of(head(line), "")


def test_a_beginning_of_a_head_may_be_one() -> None:
    """Every beginning of a good head is taken for one, and bytes of TLS for none."""
    asked, told = head("GET /a HTTP/1.1", "Host: x"), head("HTTP/1.1 200 OK", "X: y")
    for data, may_be in ((asked, may_be_request), (told, may_be_reply)):
        assert all(may_be(b"\r\n" + data[:size]) for size in range(len(data)))
        assert not may_be(b"\x16\x03\x01")


@pytest.mark.parametrize(
    "data", [b"a\r\n\r\n", b"a\n\n", b"a\n\r\n", b"a\r\n\n", b"\r\n\r\na\r\nb\r\n\r\n", b"\n\na\n\n"]
)
def test_a_head_ends_with_a_blank_line(data: bytes) -> None:
    """However its lines end; blank lines before it are of it."""
    assert end_of(data + b"x\r\n\r\n", 0) == len(data)
    assert all(end_of(data[:size], 0) == -1 for size in range(len(data)))


def test_fields_of_one_name_are_one() -> None:
    """Their values are a list, and names of any case are the same."""
    assert fields_of(head("G", "CONNECTION: a", "connection: b"), 1) == {b"connection": b"a, b"}


def test_another_length_is_said_as_the_first_was() -> None:
    """Name and place stay."""
    assert with_length(head("H", "CONTENT-length: 5", "X: y"), 12) == head("H", "CONTENT-length: 12", "X: y")
