"""A body in chunks is followed to its end, however it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.tcp.frames.chunks import LINE_BYTES_MAX, BadChunk, Chunks, chunk_line

PIECES = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
SIZES = st.lists(st.integers(1, 7), max_size=60)


def coded(pieces: list[bytes], *, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    """These pieces as chunks."""
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(each), extension, each) for each in pieces)
    return chunks + b"0\r\n" + trailers + b"\r\n"


def read(data: bytes, sizes: list[int]) -> tuple[bytes, bytes, int]:
    """The content, the lines between, and how many bytes were of the body."""
    chunks, content, lines, at = Chunks(), b"", b"", 0
    for size in [*sizes, len(data)]:
        part, place = data[at : at + size], 0
        while place < len(part) and not chunks.is_over:
            is_content = chunks.expected == "data"
            end = chunks.step(part, place)
            content, lines = (
                content + part[place:end] * is_content,
                lines + part[place:end] * (not is_content),
            )
            place = end
        at += place
        if chunks.is_over:
            break
    return content, lines, at


@given(PIECES, SIZES, st.sampled_from([b"", b";a=b", b"  "]), st.sampled_from([b"", b"X: y\r\n", b"A: b\nC: d\r\n"]))
def test_content_and_lines_are_told_apart(pieces: list[bytes], sizes: list[int], extension: bytes, more: bytes) -> None:
    """All content is found, nothing is lost, and what comes behind the body is not of it, for any cutting into reads."""
    data = coded(pieces, extension=extension, trailers=more)
    content, lines, size = read(data + b"HTTP/1.1 200", sizes)
    assert content == b"".join(pieces)
    assert size == len(data)
    assert len(content) + len(lines) == len(data)


@given(PIECES, SIZES)
def test_skimming_ends_where_the_body_does(pieces: list[bytes], sizes: list[int]) -> None:
    """The end is found without looking at what is between."""
    data, chunks, at = coded(pieces), Chunks(), 0
    stream = data + b"more"
    for size in [*sizes, len(stream)]:
        at += chunks.skim(stream[at : at + size], 0)
        if chunks.is_over:
            break
    assert chunks.is_over
    assert at == len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"x\r\n",
        b"\r\n",
        b"-1\r\n",
        b"5 5\r\n",
        b"1\r\nab\r\n",
        b"f" * 16 + b"\r\n",
        b"1;" + b"a" * LINE_BYTES_MAX + b"\r\n",
        b"1;" + b"a" * LINE_BYTES_MAX,
    ],
)
def test_what_is_no_chunk_is_refused(data: bytes) -> None:
    """Sizes that are none, chunks that are longer than they say, endless lines: whole, and byte by byte."""
    with pytest.raises(BadChunk):
        Chunks().skim(data, 0)
    chunks = Chunks()
    with pytest.raises(BadChunk):
        for at in range(len(data)):
            chunks.skim(data[at : at + 1], 0)


def test_the_line_before_a_chunk_can_be_read_again() -> None:
    """What is written is what is read."""
    chunks = Chunks()
    chunks.skim(chunk_line(4097), 0)
    assert chunks.left == 4097
