"""Streams are split into their events whatever the slices, and no byte is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.http.events import Kind, Piece, Splitter, data_of, kind_of, with_data

END = st.sampled_from([b"\n", b"\r\n", b"\r"])
LINE = st.sampled_from(
    [
        b"data: x",
        b'data: {"a": 1}',
        b"data",
        b"data:",
        b"data: \xc3\xa4\xe2\x82\xac",
        b": keep",
        b"event: e",
        b"id: 1",
        b"retry: 5",
        b"datax: 1",
    ]
)
STREAMS = st.lists(
    st.one_of(LINE, st.just(b"")).flatmap(lambda line: END.map(lambda end: line + end)), max_size=30
).map(b"".join)
CUTS = st.lists(st.integers(1, 9), max_size=80)


def split(kind: Kind, stream: bytes, cuts: list[int]) -> list[Piece]:
    """The pieces of a stream that comes in slices of these sizes, the rest at once."""
    splitter, pieces, at = Splitter(kind), [], 0
    for cut in cuts:
        pieces += splitter.feed(stream[at : at + cut])
        at += cut
    return [*pieces, *splitter.feed(stream[at:]), *splitter.end()]


@given(STREAMS, CUTS)
def test_server_sent_events_do_not_depend_on_slices(stream: bytes, cuts: list[int]) -> None:
    """The pieces are the same however a stream comes, and joined they are the stream."""
    whole = split("sse", stream, [])
    assert split("sse", stream, cuts) == whole
    assert split("sse", stream, [1] * len(stream)) == whole
    assert b"".join(piece.raw for piece in whole) == stream


@given(
    st.lists(st.sampled_from([b"{}", b'{"a": "\xe2\x82\xac\\n"}', b"", b" ", b"x\r"]), max_size=20), CUTS, st.booleans()
)
def test_lines_do_not_depend_on_slices(lines: list[bytes], cuts: list[int], ended: bool) -> None:
    """Of JSON lines each that is not blank is an event, the last one also without its newline."""
    stream = b"\n".join(lines) + (b"\n" if ended else b"")
    pieces = split("ndjson", stream, cuts)
    assert pieces == split("ndjson", stream, [])
    assert b"".join(piece.raw for piece in pieces) == stream
    assert sum(piece.is_event for piece in pieces) == sum(bool(line.strip()) for line in lines)


def told(stream: bytes) -> list[bytes]:
    """The data of the events that a client is told about, by a reader that follows the standard line by line."""
    events, data, lines = (
        [],
        [],
        stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"),
    )
    for line in lines[:-1]:
        name, _, value = line.partition(b":")
        if not line and data:
            events.append(b"\n".join(data))
        if not line:
            data = []
        elif name == b"data":
            data.append(value.removeprefix(b" "))
    return events


@given(STREAMS, CUTS)
def test_events_are_what_a_client_is_told(stream: bytes, cuts: list[int]) -> None:
    """What counts as an event is what the standard dispatches."""
    pieces = split("sse", stream, cuts)
    assert [data_of("sse", piece.raw) for piece in pieces if piece.is_event] == told(stream)


def lines_of(raw: bytes) -> list[bytes]:
    """The lines of a stream, however they end."""
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


@given(STREAMS, st.lists(st.binary(max_size=8).map(lambda data: data.replace(b"\r", b"")), min_size=1, max_size=30))
def test_other_data(stream: bytes, data: list[bytes]) -> None:
    """An event with other data is one event with that data; what stands beside it stays."""
    for piece, other in zip([each for each in split("sse", stream, []) if each.is_event], data, strict=False):
        changed = with_data("sse", piece.raw, other)
        assert told(changed) == [other]
        assert [each.is_event for each in split("sse", changed, [])] == [True]
        assert (b"id: 1" in lines_of(piece.raw)) is (b"id: 1" in lines_of(changed))


def test_the_examples_of_the_standard() -> None:
    """A comment and a lone field are passed on at once and are none, as is half an event at the end."""
    stream = b"\xef\xbb\xbfdata: first\n\n: comment\n\nretry: 1\n\ndata: a\ndata: b\nid: 1\n\ndata\n\ndata\ndata\n\ndata: half\n"
    pieces = split("sse", stream, [])
    assert [piece.is_event for piece in pieces] == [True, False, False, True, True, True, False]
    assert [data_of("sse", piece.raw) for piece in pieces if piece.is_event] == [b"first", b"a\nb", b"", b"\n"]
    assert with_data("sse", pieces[0].raw, b"x") == b"\xef\xbb\xbfdata: x\n\n"
    assert with_data("sse", b"id: 1\r\ndata: a\r\n\r\n", b"x\ny") == b"id: 1\r\ndata: x\r\ndata: y\r\n\r\n"
    assert with_data("ndjson", b"{}\r\n", b"[]") == b"[]\r\n"


def test_an_event_is_passed_on_when_it_is_whole() -> None:
    """Nothing waits for the event behind it."""
    splitter = Splitter("sse")
    assert splitter.feed(b"data: 1\r\n\r") == []
    assert splitter.feed(b"\n") == [Piece(b"data: 1\r\n\r\n", True)]
    assert splitter.feed(b"data: 2\n\nda") == [Piece(b"data: 2\n\n", True)]
    assert splitter.end() == [Piece(b"da", False)]


@pytest.mark.parametrize("kind", ["sse", "ndjson"])
def test_memory_is_bounded(kind: Kind) -> None:
    """An event without an end is passed on in pieces that are no events; what follows is split again."""
    splitter, pieces = Splitter(kind, event_bytes_max=100), []
    for _ in range(50):
        pieces += splitter.feed(b"data: " + b"x" * 10)
        assert len(splitter._held) <= 116
    pieces += splitter.feed(b"\n\ndata: 2\n\n")
    assert not any(piece.is_event for piece in pieces[:-2]) and splitter.too_long == 1
    assert sum(piece.is_event for piece in pieces) == 1
    assert b"".join(piece.raw for piece in pieces) == b"data: xxxxxxxxxx" * 50 + b"\n\ndata: 2\n\n"


def test_long_events_in_small_slices_are_quick() -> None:
    """A megabyte that comes byte by byte is looked at once."""
    splitter = Splitter("sse")
    for _ in range(200_000):
        splitter.feed(b"x")
    assert splitter._scan == 200_000


def test_kinds() -> None:
    """A content type announces a stream of events, with parameters and in any case."""
    assert kind_of("text/event-stream; charset=utf-8") == kind_of("Text/Event-Stream") == "sse"
    assert kind_of("application/x-ndjson") == kind_of("application/jsonl") == "ndjson"
    assert kind_of("application/json") is kind_of("") is None
