"""A stream of events ends after so many of them."""

from __future__ import annotations

import pytest

from fozzy.core.wires import Spoken
from tests.faults.tcp.kinds.speaking import (
    EVENTS,
    JSON,
    STREAM,
    asked,
    body_of,
    content_of,
    cuts,
    records,
    sized,
    streams,
)
from tests.faults.tcp.wiring import Wire, toxic


@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize("sent", streams())
def test_so_many_events_arrive(sent: bytes, after: int) -> None:
    """And nothing of the next one; none is the head alone."""
    talk = cuts("sse_cut", sent, after_events=after)
    got = talk.bytes_of("downstream")
    assert sent.startswith(got)
    expected = STREAM[: len(STREAM) - sum(map(len, EVENTS[after:]))] if after else b""
    assert content_of(got) == expected
    assert talk.got[-1][2] == "cut fin fin"
    assert talk.tally().applied == 1


def test_rst_is_a_reset() -> None:
    """The events before it come first."""
    talk = cuts("sse_cut", streams()[0], after_events=2, end="rst")
    assert talk.got[-1][2] == "cut rst rst"


def test_the_cut_does_not_wait_for_the_next_event() -> None:
    """It comes with the last byte of the last one."""
    talk = asked(Wire(toxic("sse_cut", after_events=1), protocol="http"), streams()[4].partition(EVENTS[1])[0])
    assert talk.got[-1][2] == "cut fin fin"


def test_a_stream_of_fewer_events_is_not_cut() -> None:
    """The strike says so."""
    for sent in streams():
        talk = cuts("sse_cut", sent, after_events=4)
        assert talk.bytes_of("downstream") == sent
        assert records(talk)[1]["struck"][0]["reason"] == "too_few_events"


def test_streams_are_counted_and_no_other_replies() -> None:
    """The first stream is struck though other replies come before it, the second is not."""
    talk = asked(Wire(toxic("sse_cut", after_events=1, first=1), protocol="http"), sized(JSON))
    assert talk.tally().matched == 0
    asked(talk, streams()[0])
    assert talk.got[-1][2] == "cut fin fin"
    talk.connect()
    asked(talk, streams()[0])
    assert talk.bytes_of("downstream") == streams()[0]
    assert talk.tally().matched == 2


def test_an_event_is_about_what_was_asked() -> None:
    """So `match` takes events too."""
    talk = asked(Wire(toxic("sse_cut", match="GET /b"), protocol="http"), streams()[0])
    talk.close()
    events = [each for each in talk.records if isinstance(each, Spoken) and each.of == "event"]
    assert [(each.about, each.answers) for each in events] == [("GET /a", 1)] * 3
    assert body_of(talk.bytes_of("downstream")) == body_of(streams()[0])
