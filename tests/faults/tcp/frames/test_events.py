"""The body of a stream of events is cut into its events, whatever it comes in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.tcp.frames.events import Events, Given

ENDS = [b"\n", b"\r\n", b"\r"]
LINES = st.sampled_from([b"data: x", b"data:\xe2\x82\xac", b": ping", b"id: 1", b"retry: 5", b"data", b"event: e", b""])


def cut(stream: bytes, sizes: list[int]) -> list[Given]:
    """The pieces of a stream that comes so, with what is left at its end."""
    events, at = Events(), 0
    found: list[Given] = []
    for size in sizes:
        if stream[at : at + size]:
            found += events.data(stream[at : at + size])
        at += size
    if stream[at:]:
        found += events.data(stream[at:])
    return [*found, *events.end()]


@given(
    st.lists(st.tuples(LINES, st.sampled_from(ENDS)).map(b"".join), max_size=20).map(b"".join),
    st.lists(st.integers(1, 9), max_size=60),
)
def test_events_do_not_depend_on_reads(stream: bytes, sizes: list[int]) -> None:
    """The same pieces for any cutting, and joined they are the stream."""
    whole = cut(stream, [])
    assert cut(stream, sizes) == whole
    assert cut(stream, [1] * len(stream)) == whole
    assert b"".join(raw for _, raw, _ in whole) == stream


def test_an_event_is_there_with_its_last_byte() -> None:
    """Whatever ends its lines; only where CRLF may come is it waited for."""
    for end in ENDS:
        events = Events()
        raw = b"id: 1" + end + b"data: a" + end + b"data: b" + end + end
        assert events.data(raw[:-1]) == []
        assert events.data(raw[-1:]) == [Given("event", raw)]


def test_a_comment_does_not_wait_for_what_follows() -> None:
    """A heartbeat without a blank line is seen at once, and the event behind it is one of its own."""
    events = Events()
    assert events.data(b": ping\n") == [Given("body", b": ping\n")]
    assert events.data(b"data: x\n") == []
    assert events.data(b": amid\n\n") == [Given("event", b"data: x\n: amid\n\n")]


def test_lines_between_chunks_stay_where_they_were() -> None:
    """Between events they pass, within an event they are of it."""
    events = Events()
    assert events.line(b"9\r\n") == [Given("frame", b"9\r\n")]
    assert events.data(b"data: a\n\n") == [Given("event", b"data: a\n\n")]
    assert events.line(b"\r\n") == [Given("frame", b"\r\n")]
    assert events.data(b"dat") == []
    assert events.line(b"\r\n") == []
    assert events.line(b"6\r\n") == []
    assert events.data(b"a: b\n\n: c\n") == [Given("event", b"dat\r\n6\r\na: b\n\n", 3), Given("body", b": c\n")]


def test_a_line_between_chunks_behind_an_event_is_not_of_it() -> None:
    """Also where it took what came later to know that the event was over."""
    events = Events()
    assert events.data(b"data: a\r\n\r") == []
    assert events.line(b"\r\n") == []
    assert events.data(b"data: b") == [Given("event", b"data: a\r\n\r"), Given("frame", b"\r\n")]


def test_half_an_event_is_none() -> None:
    """What is left at the end is given as it is."""
    events = Events()
    assert events.data(b"data: a\n") == []
    assert events.line(b"\r\n") == []
    assert events.end() == [Given("body", b"data: a\n"), Given("frame", b"\r\n")]
    assert events.rest() == b""


def test_what_is_no_stream_after_all_comes_back() -> None:
    """All that is held, with the lines between."""
    events = Events()
    assert events.data(b"data: a\n\ndata: b") == [Given("event", b"data: a\n\n")]
    assert events.line(b"\r\n") == []
    assert events.rest() == b"data: b\r\n"
