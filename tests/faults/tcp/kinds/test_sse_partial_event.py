"""A stream of events ends within the data of one."""

from __future__ import annotations

import pytest

from fozzy.faults.tcp.kinds.sse_partial_event import within_data
from tests.faults.tcp.kinds.speaking import EVENTS, content_of, cuts, streams
from tests.faults.tcp.wiring import Wire, toxic


@pytest.mark.parametrize("which", [1, 2, 3])
@pytest.mark.parametrize("sent", streams())
def test_half_an_event_arrives(sent: bytes, which: int) -> None:
    """All before it, its beginning up to somewhere in its data, and nothing after that."""
    talk = cuts("sse_partial_event", sent, pattern="." * (which - 1) + "F")
    got = talk.bytes_of("downstream")
    assert sent.startswith(got)
    before = b": hello\n" + b"".join(EVENTS[: which - 1])
    half = content_of(got).removeprefix(before)
    assert content_of(got).startswith(before)
    assert EVENTS[which - 1].startswith(half)
    assert b"data:" in half
    assert len(half) < len(EVENTS[which - 1].rstrip())
    assert talk.got[-1][2] == "cut fin fin"
    assert talk.tally().applied == 1


def test_the_place_is_drawn() -> None:
    """The same for a seed, others for others, each within the data."""
    found = set()
    for seed in range(30):
        talk = Wire(toxic("sse_partial_event", end="rst"), protocol="http", seed=seed)
        talk.send("downstream", b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: abcdef\n\n")
        assert talk.got[-1][2] == "cut rst rst"
        found.add(content_of(talk.bytes_of("downstream")))
    assert found == {b"data: abcdef"[:size] for size in range(6, 12)}


@pytest.mark.parametrize(
    ("event", "low", "high"),
    [
        (b"data: abc\n\n", 6, 8),
        (b"data:a\n\n", 5, 5),
        (b"data\n\n", 1, 3),
        (b"id: 1\r\ndata: ab\r\n\r\n", 13, 14),
    ],
)
def test_something_of_the_data_is_left_out(event: bytes, low: int, high: int) -> None:
    """And some of it is there, where there is as much."""
    assert within_data(event) == (low, high)


def test_an_event_that_was_given_a_chunk_of_its_own_is_cut_as_it_is() -> None:
    """A toxic before this one takes away the lines between chunks; they are not looked for in what is left."""
    for which, sent in enumerate(streams()):
        talk = Wire(toxic("sse_drop_event", pattern="F"), toxic("sse_partial_event", pattern=".F"), protocol="http")
        talk.send("upstream", b"GET / HTTP/1.1\r\n\r\n")
        talk.send("downstream", sent)
        assert talk.got[-1][2] == "cut fin fin", which
        assert b"id: 2" in content_of(talk.bytes_of("downstream"))
        assert b"id: 3" not in talk.bytes_of("downstream")
