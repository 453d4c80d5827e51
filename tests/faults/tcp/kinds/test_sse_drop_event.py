"""An event is left out of its stream, and all else arrives in a framing that is right."""

from __future__ import annotations

import pytest

from tests.faults.tcp.kinds.speaking import EVENTS, STREAM, chunked, cuts, open_ended, reply, sized, streams


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("sent", streams())
def test_the_others_arrive(sent: bytes, which: int) -> None:
    """In a stream of known length a comment takes its place."""
    talk = cuts("sse_drop_event", sent, pattern="." * which + "F")
    answer = reply(talk)
    gone = b":" + b" " * (len(EVENTS[which]) - 2) + b"\n" if b"Content-Length" in sent else b""
    assert answer.body == STREAM.replace(EVENTS[which], gone)
    assert answer.is_whole or sent == streams()[4]
    assert talk.tally().applied == 1


@pytest.mark.parametrize("sent", streams())
def test_all_can_be_left_out(sent: bytes) -> None:
    """The stream still ends as it did."""
    answer = reply(cuts("sse_drop_event", sent))
    assert b"data" not in answer.body
    assert answer.is_whole or sent == streams()[4]


@pytest.mark.parametrize("framed", [sized, chunked, open_ended])
def test_other_replies_are_as_they_were(framed: object) -> None:
    """Byte for byte."""
    assert callable(framed)
    sent = framed(STREAM)
    assert cuts("sse_drop_event", sent).bytes_of("downstream") == sent


def test_a_chunk_of_one_event_is_as_it_was() -> None:
    """Where nothing is dropped, what most servers send does not change at all."""
    assert cuts("sse_drop_event", streams()[0], after=9).bytes_of("downstream") == streams()[0]
    assert cuts("sse_drop_event", streams()[3], after=9).bytes_of("downstream") == streams()[3]
    assert cuts("sse_drop_event", streams()[4], after=9).bytes_of("downstream") == streams()[4]
