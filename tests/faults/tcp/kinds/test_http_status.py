"""A struck request is answered with a status of ours, and the server never sees it."""

from __future__ import annotations

import msgspec
import pytest

from fozzy.core.wires import Spoken
from tests.faults.tcp.kinds.speaking import GET, JSON, refused, reply, sized, wire


def test_the_client_gets_the_status_and_the_connection_goes_on() -> None:
    """Only the struck request is answered; the next one reaches the server, and its reply the client."""
    talk = wire("http_status", status=529, first=1)
    talk.send("upstream", GET)
    assert talk.bytes_of("upstream") == b""
    answer = reply(talk)
    assert (answer.status, answer.is_whole, answer.headers["content-type"]) == (529, True, "application/json")
    assert msgspec.json.decode(answer.body)["error"]["code"] == "chaos_status"
    before = talk.bytes_of("downstream")
    talk.send("upstream", GET)
    talk.send("downstream", sized(JSON))
    assert talk.bytes_of("upstream") == GET
    assert talk.bytes_of("downstream") == before + sized(JSON)
    assert (talk.tally().matched, talk.tally().applied, talk.tally().bypassed) == (2, 1, 0)


def test_body_and_headers_are_as_said() -> None:
    """The type of the body follows from it, unless it is said."""
    talk = wire("http_status", status=400, body="no \u20ac", headers={"X-A": "b"}, retry_after=7)
    talk.send("upstream", GET)
    answer = reply(talk)
    assert (answer.status, answer.body.decode()) == (400, "no \u20ac")
    assert answer.headers["x-a"] == "b"
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["content-type"].startswith("text/plain")
    for body, headers, kind in (("{}", {}, "application/json"), ("{}", {"CONTENT-TYPE": "a/b"}, "a/b")):
        talk = wire("http_status", body=body, headers=headers)
        talk.send("upstream", GET)
        assert reply(talk).headers["content-type"] == kind


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_none(status: int) -> None:
    """And says no length."""
    talk = wire("http_status", status=status)
    talk.send("upstream", GET)
    assert talk.bytes_of("downstream").endswith(b"\r\n\r\n")
    assert "content-length" not in reply(talk).headers


def test_a_head_request_is_told_the_length_alone() -> None:
    """What comes next is the head of the next answer."""
    talk = wire("http_status")
    talk.send("upstream", GET.replace(b"GET", b"HEAD"))
    head = talk.bytes_of("downstream")
    assert head.endswith(b"\r\n\r\n")
    assert int(head.partition(b"Content-Length: ")[2].partition(b"\r")[0]) > 0


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.0\n\n"]
)
def test_the_connection_ends_where_the_client_says_so(request_: bytes) -> None:
    """After the answer."""
    talk = wire("http_status")
    talk.send("upstream", request_)
    assert reply(talk).headers["connection"] == "close"
    assert talk.got[-1][2] == "cut fin fin"


def test_an_answer_that_closes_ends_the_connection() -> None:
    """Where the headers of the toxic say so."""
    talk = wire("http_status", headers={"Connection": "close"})
    talk.send("upstream", GET)
    assert talk.got[-1][2] == "cut fin fin"


def test_a_request_is_answered_when_all_of_it_is_there() -> None:
    """Its body stays here; a client that waits to send it is told to go on."""
    talk = wire("http_status", match="POST")
    head = b"POST /a?x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    talk.send("upstream", head, sizes=[1] * len(head))
    assert talk.bytes_of("downstream") == b"HTTP/1.1 100 Continue\r\n\r\n"
    talk.send("upstream", b"abc")
    assert b"HTTP/1.1 503 Service Unavailable\r\n" in talk.bytes_of("downstream")
    assert talk.bytes_of("upstream") == b""
    assert [each.of for each in talk.records if isinstance(each, Spoken)] == ["push", "request", "reply"]


def test_an_answer_waits_for_replies_to_older_requests() -> None:
    """Pipelined requests are answered in their order."""
    talk = wire("http_status", match="GET /b")
    talk.send("upstream", GET + GET.replace(b"/a", b"/b"))
    assert talk.bytes_of("downstream") == b""
    talk.send("downstream", sized(JSON))
    assert talk.bytes_of("downstream").startswith(sized(JSON) + b"HTTP/1.1 503 ")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"status": 204, "body": "x"}, "body is given"),
        ({"headers": {"Content-Length": "1"}}, "headers"),
        ({"headers": {"a b": "1"}}, "headers"),
        ({"headers": {"a": "1\r\nb: c"}}, "headers"),
        ({"headers": {"Retry-After": "1"}, "retry_after": 2}, "retry_after"),
        ({"status": 99}, "status"),
        ({"retry_after": -1}, "retry_after"),
    ],
)
def test_what_no_answer_can_be_is_refused(said: dict[str, object], message: str) -> None:
    """With the attribute that is wrong."""
    assert message in refused("http_status", **said)
