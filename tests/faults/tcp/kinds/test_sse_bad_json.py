"""The data of an event is no JSON, and all else of its stream is as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.http.bodies import JUNK
from fozzy.faults.http.events import Splitter, data_of
from fozzy.faults.tcp.kinds.sse_bad_json import fitted
from tests.faults.tcp.kinds.speaking import EVENTS, chunked, cuts, open_ended, reply, sized

KIND = "text/event-stream"
JSONS = [b'id: 1\ndata: {"a": 1}\n\n', b"event: e\r\ndata: [1,\r\ndata: 2]\r\n\r\n", b'data:"x"\n\n']


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize(
    "sent",
    [
        chunked(*JSONS, kind=KIND),
        chunked(b"".join(JSONS), kind=KIND),
        sized(b"".join(JSONS), KIND),
        open_ended(b"".join(JSONS), KIND),
    ],
)
def test_the_struck_event_cannot_be_read(sent: bytes, which: int) -> None:
    """It is still one event, with its other fields."""
    talk = cuts("sse_bad_json", sent, pattern="." * which + "F")
    answer = reply(talk)
    found = [piece.raw for piece in Splitter("sse", is_eager=True).feed(answer.body) if piece.is_event]
    assert [raw for raw in found if raw in JSONS] == [raw for raw in JSONS if raw != JSONS[which]]
    assert len(found) == 3
    with pytest.raises(ValueError, match=r"."):
        json.loads(data_of("sse", found[which]))
    assert b"data" in found[which]
    assert (b"id: 1\n" in found[0], b"event: e\r\n" in found[1]) == (True, True)
    assert answer.is_whole or sent.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    assert talk.tally().applied == 1


@given(st.lists(st.text(alphabet='{}[]"1,a \u20ac', max_size=9), min_size=1, max_size=4), st.booleans(), st.integers(0))
def test_it_is_never_longer_than_it_was(lines: list[str], is_tight: bool, cut: int) -> None:
    """And never JSON; where there is no room for that it is left alone."""
    field = b"data:" if is_tight else b"data: "
    event = b"".join(field + line.encode() + b"\n" for line in lines) + b"\n"
    data = data_of("sse", event)
    bad = fitted(event, data[: cut % (len(data) + 1)] + JUNK)
    assert bad is not None or len(data) < len(JUNK) + 2 * len(lines)
    if bad is not None:
        assert len(bad) <= len(event)
        with pytest.raises(ValueError, match=r"."):
            json.loads(data_of("sse", bad))


def test_an_event_without_data_to_damage_is_left_alone() -> None:
    """It says so."""
    talk = cuts("sse_bad_json", open_ended(b"data:\n\n" + EVENTS[0], KIND))
    assert talk.tally().bypassed == 2
    assert reply(talk).body == b"data:\n\n" + EVENTS[0]
