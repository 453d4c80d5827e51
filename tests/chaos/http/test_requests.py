"""Requests are the same however their bytes are sliced, and what a connection holds is bounded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.chaos.http.refusals import ClientGone, Refusal
from fozzy.chaos.http.requests import RequestReader
from fozzy.chaos.http.wire import Wire
from tests.chaos.http.memory import MemoryEnd, done, sliced

STREAM = (
    b"GET /one?a=b HTTP/1.1\r\nHost: a\r\nX-Long: " + b"y" * 90 + b"  \r\n\r\n"
    b"\r\nPOST /two HTTP/1.1\r\nhost: a\r\nContent-Length: 11\r\n\r\nhello world"
    b"PUT /three HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
    b"5;ext=1\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-T: end\r\nX-Fozzy-Chaos-Drop: 1\r\n\r\n"
    b"DELETE http://b/four HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    b"POST /five HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


def messages(reader: RequestReader) -> list[Any]:
    """Everything a reader reads."""

    async def read() -> list[Any]:
        found: list[Any] = []
        while (head := await reader.head()) is not None:
            body = reader.body()
            if body is None:
                pieces = []
                while piece := await reader.piece():
                    pieces.append(piece)
                body = b"".join(pieces)
            assert reader.is_whole
            found.append(
                (head.method, head.target, head.version, head.keeps, head.facts.headers, body, reader.trailers)
            )
        return found

    return done(read())


def reader_of(data: bytes, cuts: list[int], wire: Wire | None = None) -> RequestReader:
    """A reader of these bytes in pieces."""
    return RequestReader(MemoryEnd(sliced(data, cuts)), wire or Wire())


EXPECTED = messages(reader_of(STREAM, []))


def test_what_is_read() -> None:
    """Methods, targets, versions, bodies and trailers, in order."""
    assert [each[:4] for each in EXPECTED] == [
        ("GET", "/one?a=b", "1.1", True),
        ("POST", "/two", "1.1", True),
        ("PUT", "/three", "1.1", True),
        ("DELETE", "/four", "1.0", True),
        ("POST", "/five", "1.1", False),
    ]
    assert [each[5] for each in EXPECTED] == [b"", b"hello world", b"hello world", b"", b""]
    assert EXPECTED[0][4] == [("Host", "a"), ("X-Long", "y" * 90)]
    assert EXPECTED[2][6] == [("X-T", "end")]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_slices_do_not_matter(cuts: list[int]) -> None:
    """Any slicing of the bytes gives the same messages."""
    assert messages(reader_of(STREAM, cuts)) == EXPECTED


def test_byte_by_byte() -> None:
    """The same, one byte at a time."""
    assert messages(reader_of(STREAM, list(range(len(STREAM))))) == EXPECTED


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_have_one_outcome(data: bytes, cuts: list[int]) -> None:
    """Whatever comes is read, refused with a status of ours or left in the middle; nothing else happens."""
    try:
        read = messages(reader_of(data, cuts))
    except Refusal as refusal:
        assert 400 <= refusal.status < 600 and refusal.code
    except ClientGone:
        assert data
    else:
        assert not read or b"HTTP/" in data


@given(st.integers(0, len(STREAM) - 1), st.integers(0, 255), st.lists(st.integers(0, 500), max_size=4))
def test_a_wrong_byte_has_one_outcome(place: int, byte: int, cuts: list[int]) -> None:
    """With one byte changed: the same as unsliced, be it messages or a refusal."""
    data = STREAM[:place] + bytes([byte]) + STREAM[place + 1 :]

    def outcome(cuts: list[int]) -> Any:
        try:
            return messages(reader_of(data, cuts))
        except Refusal as refusal:
            return refusal.status
        except ClientGone:
            return "gone"

    assert outcome(cuts) == outcome([])


@pytest.mark.parametrize("data", [b"GET", b"GET / HTTP/1.1\r\nHost: a\r\n", STREAM[:-30]])
def test_an_end_in_the_middle(data: bytes) -> None:
    """A client that ends its half in the middle of a request has gone."""
    with pytest.raises(ClientGone):
        messages(reader_of(data, []))


def test_an_error_is_an_end() -> None:
    """A reset is one too."""
    with pytest.raises(ClientGone):
        messages(RequestReader(MemoryEnd([], ConnectionResetError()), Wire()))


def test_nothing_is_read_ahead_of_need() -> None:
    """While something that was found has not been taken, nothing more is read."""
    end = MemoryEnd([STREAM, STREAM])
    reader = RequestReader(end, Wire())
    done(reader.head())
    assert end.reads == 1 and reader.has_next


def test_the_body_is_asked_for_only_once() -> None:
    """Who waits to be told to go on is told when the body is asked for, not before, and not if it came by itself."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    end = MemoryEnd([head, b"a", b"b"])
    reader = RequestReader(end, Wire())
    assert done(reader.head()) is not None and end.sent == b""
    assert done(reader.piece()) == b"a" and end.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert done(reader.piece()) == b"b" and end.sent.count(b"100") == 1
    whole = MemoryEnd([head + b"ab"])
    reader = RequestReader(whole, Wire())
    done(reader.head())
    assert reader.body() == b"ab" and whole.sent == b""


def test_an_upgrade_that_is_refused() -> None:
    """What follows a request to upgrade is no HTTP, unless the upgrade is refused: then it is."""
    data = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
    reader = reader_of(data, [])
    head = done(reader.head())
    assert head is not None and head.upgrade == "x" and reader.body() == b""
    reader.resume_parsing()
    second = done(reader.head())
    assert second is not None and second.target == "/2"
    reader = reader_of(data, [])
    done(reader.head())
    assert reader.stop_parsing().startswith(b"GET /2")


def test_what_was_begun() -> None:
    """Of a head that is refused what is known of it can be told."""
    reader = reader_of(b"GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\nBad Header: y\r\n\r\n", [])
    with pytest.raises(Refusal):
        done(reader.head())
    assert reader.begun()[1:] == ("/x", [("Host", "a")])
