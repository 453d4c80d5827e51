"""Answers are the same however their bytes are sliced, and a connection is used again only when it is clean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.chaos.http.lines import BLOCK_BYTES, Line
from fozzy.chaos.http.refusals import UpstreamFailed
from fozzy.chaos.http.wire import Wire
from fozzy.core.exchange import Headers
from tests.chaos.http.memory import MemoryEnd, done, sliced

CHUNKED = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    b"HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n"
    b"3\r\none\r\n4;e=f\r\ntwo-\r\n0\r\nT: u\r\n\r\n"
)
PLAIN = b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello"
UNTIL_CLOSED = b"HTTP/1.0 200 OK\r\n\r\nall of it"


class Read:
    """What was read of one answer."""

    def __init__(self, pieces: list[bytes], method: str = "GET", *, by_chunk: bool = False, **more: Any) -> None:
        self.line = Line(MemoryEnd(pieces, more.get("error")), more.get("wire", Wire()))
        self.interim: list[tuple[int, str, Headers]] = []
        self.pieces: list[bytes] = []
        self.failed: UpstreamFailed | None = None
        self.line.expect(method, by_chunk=by_chunk)
        done(self._read())

    async def _read(self) -> None:
        async def interim(status: int, reason: str, headers: Headers) -> None:
            self.interim.append((status, reason, headers))

        try:
            self.answer = answer = await self.line.head(interim)
            while piece := await answer.piece():
                self.pieces.append(piece)
        except UpstreamFailed as failed:
            self.failed = failed

    def told(self) -> tuple[Any, ...]:
        """All of it, however it came."""
        answer = self.answer
        return (
            answer.status,
            answer.reason,
            answer.headers,
            b"".join(self.pieces),
            answer.trailers,
            answer.ended,
            self.line.is_free(),
            self.interim,
        )


def test_what_is_read() -> None:
    """Chunks, trailers, interim answers; a length; an end with the connection."""
    assert Read([CHUNKED]).told() == (
        200,
        "Fine",
        [("Transfer-Encoding", "chunked"), ("X", "y")],
        b"onetwo-",
        [("T", "u")],
        "whole",
        True,
        [(103, "Early Hints", [("Link", "</a>")])],
    )
    assert Read([PLAIN]).told()[3:7] == (b"hello", [], "whole", True)
    assert Read([UNTIL_CLOSED]).told()[3:7] == (b"all of it", [], "fin", False)


@pytest.mark.parametrize("data", [CHUNKED, PLAIN, UNTIL_CLOSED])
@given(cuts=st.lists(st.integers(0, 500), max_size=12))
def test_slices_do_not_matter(data: bytes, cuts: list[int]) -> None:
    """Any slicing of the bytes gives the same answer."""
    assert Read(sliced(data, cuts)).told() == Read([data]).told()


@given(cuts=st.lists(st.integers(0, 500), max_size=12))
def test_chunks_are_upstreams(cuts: list[int]) -> None:
    """By chunk: the pieces are the chunks as they were made, however they were sliced."""
    assert Read(sliced(CHUNKED, cuts), by_chunk=True).pieces == [b"one", b"two-"]


@given(cuts=st.lists(st.integers(0, 3 * BLOCK_BYTES), max_size=6))
def test_a_body_without_chunks_has_blocks(cuts: list[int]) -> None:
    """By chunk, of a body that ends with its connection: blocks of one size."""
    data = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (2 * BLOCK_BYTES + 5)
    assert [len(each) for each in Read(sliced(data, cuts), by_chunk=True).pieces] == [BLOCK_BYTES, BLOCK_BYTES, 5]


def test_a_chunk_that_ends_too_early_is_still_given() -> None:
    """By chunk: of one that is not whole what came is given, and then the failure."""
    read = Read([CHUNKED[: CHUNKED.index(b"two-") + 2]], by_chunk=True)
    assert read.pieces == [b"one", b"tw"] and read.failed is not None and read.failed.reason == "upstream_short"


@pytest.mark.parametrize(
    ("data", "method", "length"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", 5),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", 5),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "GET", None),
    ],
)
def test_answers_without_a_body(data: bytes, method: str, length: int | None) -> None:
    """HEAD, 304 and 204 have no body, whatever they announce; the next answer is read over the same connection."""
    line = Line(MemoryEnd([data, PLAIN]), Wire())

    async def twice() -> None:
        line.expect(method)
        answer = await line.head(_none)
        assert not answer.has_body and answer.length == length and await answer.piece() == b"" and line.is_free()
        line.expect("GET")
        answer = await line.head(_none)
        assert answer.status == 404 and await answer.piece() == b"hello" and line.is_free()

    done(twice())


@pytest.mark.parametrize(
    "data",
    [
        PLAIN + b"x",
        PLAIN + PLAIN,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 204 No Content\r\n\r\nstray",
    ],
)
def test_a_connection_that_is_not_clean(data: bytes) -> None:
    """What came behind an answer, or what the answer said of its connection, keeps it from being used again."""
    read = Read([data])
    assert read.failed is None and read.answer.ended == "whole" and not read.line.is_free()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "upstream_closed"),
        (b"HTTP/1.1 200 OK\r\n", "upstream_closed"),
        (b"nonsense\r\n\r\n", "upstream_bad_answer"),
        (PLAIN[:-1], "upstream_short"),
        (CHUNKED[:-1], "upstream_short"),
        (CHUNKED[:-8] + b"zz\r\n", "upstream_bad_answer"),
    ],
)
def test_answers_that_fail(data: bytes, reason: str) -> None:
    """An answer that does not come, makes no sense or ends too early fails with its reason."""
    failed = Read([data]).failed
    assert failed is not None and failed.reason == reason


def test_a_reset_is_told_apart() -> None:
    """A reset in a body is no end of it, also where the end would be the connection's."""
    read = Read([UNTIL_CLOSED], error=ConnectionResetError(104, "reset"))
    assert read.failed is not None and read.answer.ended == "rst" and b"".join(read.pieces) == b"all of it"


@pytest.mark.parametrize("wire", [Wire(header_bytes_max=100), Wire(headers_max=2)])
def test_large_heads_fail(wire: Wire) -> None:
    """A head over a limit fails, in one piece or in many."""
    data = b"HTTP/1.1 200 OK\r\n" + b"A: " + b"b" * 90 + b"\r\nC: d\r\nE: f\r\nContent-Length: 0\r\n\r\n"
    for pieces in ([data], sliced(data, list(range(len(data))))):
        failed = Read(pieces, wire=wire).failed
        assert failed is not None and failed.reason == "upstream_bad_answer"


def test_endless_trailers_fail() -> None:
    """Trailers are bounded."""
    data = CHUNKED[:-8] + b"0\r\nX: " + b"y" * 200
    failed = Read(sliced(data, list(range(len(data)))), wire=Wire(header_bytes_max=100)).failed
    assert failed is not None and failed.reason == "upstream_bad_answer"


async def _none(status: int, reason: str, headers: Headers) -> None:
    raise AssertionError("there is no interim answer")
