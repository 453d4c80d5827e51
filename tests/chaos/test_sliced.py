"""How bytes are sliced on their way decides nothing: neither what happens to a request nor how its answer looks."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.chaos.decided import decision_log
from tests.chaos.http.harness import Running, everything, running
from tests.chaos.upstream import Handler, Line, Request, Upstream

WHOLE = 1 << 30
BODY = b'{"b": 1, "a": [' + b"1, " * 5000 + b"2]}"
KEY_BYTES = 1000
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    b"5\r\nhello\r\n7\r\n, world\r\n0\r\nX-Sum: 12\r\n\r\n"
)


def sliced(data: bytes, size: int) -> Handler:
    """An answer in so many bytes at a time."""

    def handle(request: Request, line: Line) -> bool:
        for at in range(0, len(data), size):
            line.send(data[at : at + size])
            time.sleep(0.002)
        return True

    return handle


def ask(proxy: Running, data: bytes, size: int = WHOLE) -> bytes:
    """What comes back to a request that is sent in so many bytes at a time."""
    with proxy.connect() as sock:
        for at in range(0, len(data), size):
            sock.sendall(data[at : at + size])
            time.sleep(0.002 if size < len(data) else 0)
        try:
            return everything(sock)
        except ConnectionResetError:
            return b"reset"


def answered(plan: dict[str, Any], answer: bytes, size: int, version: str = "1.1") -> tuple[bytes, bytes]:
    """What the client got, and the decision log."""
    with Upstream() as upstream, running(plan, upstream.url) as proxy:
        upstream.on("/", sliced(answer, size))
        got = ask(proxy, f"GET / HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        return got, decision_log(proxy.wait(1))


PLANS: list[dict[str, Any]] = [
    {},
    {"faults": {"partial": 1}},
    {"faults": {"malformed": 1}},
    {"faults": {"malformed": {"how": "truncate"}}},
    {"faults": {"status_override": {"status": 503}}},
    {"faults": {"disconnect": {"after_bytes": 7}}},
    {"faults": {"disconnect": {"after_bytes": 12}}},
    {"faults": {"disconnect": {"after_chunks": 1}}},
    {"faults": {"cut_stream": 1}},
    {"faults": {"corrupt_event": {"event": 1}}},
]


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_an_answer_in_pieces_is_the_same_answer(plan: dict[str, Any]) -> None:
    """What the client gets of a chunked answer, and what is recorded, does not depend on how it came."""
    at_once, sliced_up = answered(plan, ANSWER, WHOLE), answered(plan, ANSWER, 9)
    assert _body(at_once[0]) == _body(sliced_up[0])
    assert at_once[1] == sliced_up[1]
    if not plan:
        assert at_once[0].endswith(b"hello, world\r\n0\r\nX-Sum: 12\r\n\r\n"), "trailers get lost"


def _body(got: bytes) -> tuple[bytes, bytes, bool]:
    """Head, body without its chunks, and whether it was ended."""
    head, _, body = got.partition(b"\r\n\r\n")
    if b"chunked" not in head:
        return head, body, True
    joined = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        if int(size, 16) == 0:
            return head, joined + b"|" + body, True
        joined, body = joined + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return head, joined, False


def test_a_partial_answer_of_unknown_length_is_cut_whatever_it_is() -> None:
    """One that is shorter than the cut ends without its proper end, so the client knows that something is missing."""
    got, log = answered({"faults": {"partial": 1}}, ANSWER, WHOLE)
    assert not _body(got)[2]
    assert b'"applied":"partial"' in log


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_what_a_fault_cuts_is_recorded_whole(how: str) -> None:
    """Rule of recordings: the true answer to its end, whatever the client got."""
    plan = {"faults": {"disconnect": {"how": how, "after_bytes": 3}}}
    with Upstream() as upstream, running(plan, upstream.url) as proxy:
        upstream.on("/", sliced(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + b"x" * 300, 50))
        got = ask(proxy, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert got == b"reset" or got.endswith(b"\r\n\r\nxxx")
        record = proxy.only()
        assert record.answer is not None and record.sent is not None
        assert (record.answer.body.text, record.answer.ended) == ("x" * 300, "whole")
        assert (record.applied, record.sent.bytes, record.sent.ended) == ("disconnect", 3, how)


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("size", [0, 100, KEY_BYTES - 1, KEY_BYTES, KEY_BYTES + 1])
def test_a_request_in_pieces_is_the_same_request(framing: str, size: int) -> None:
    """Key, digest, draws and matchers see the same request however it came, at the border of what counts of a body too."""
    body = b"[" + b" " * (size - 2) + b"]" if size else b""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    if framing == "length":
        data = head + b"Content-Length: %d\r\n\r\n" % size + body
    else:
        chunk = b"%x\r\n%b\r\n" % (size, body) if size else b""
        data = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n"
    fault = {"probability": 0.5, "match": {"body_bytes_min": KEY_BYTES + 1}}
    logs = []
    for piece in (WHOLE, len(data) - 3, 300):
        with (
            Upstream() as upstream,
            running(
                {"faults": {"status": {**fault, "codes": [500]}, "partial": 0.5}, "key_bytes": KEY_BYTES}, upstream.url
            ) as proxy,
        ):
            assert ask(proxy, data, piece).startswith(b"HTTP/1.1 ")
            logs.append(decision_log(proxy.wait(1), outcomes=False))
    assert logs[0] == logs[1] == logs[2]
