"""A stream of events falls silent for a time, and nothing of it is lost."""

from __future__ import annotations

import pytest

from tests.faults.tcp.kinds.speaking import EVENTS, STREAM, asked, content_of, cuts, streams, wire
from tests.faults.tcp.wiring import MS, S


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize("sent", streams())
def test_everything_behind_so_many_events_waits(sent: bytes, after: int) -> None:
    """Then it arrives as it was, the end too."""
    talk = cuts("sse_stall", sent, after_events=after, **{"for": 60_000})
    expected = STREAM[: len(STREAM) - sum(map(len, EVENTS[after:]))] if after else b""
    early = b"".join(data for at_ns, _, data in talk.got if at_ns < 60 * S and isinstance(data, bytes))
    assert content_of(early[early.index(b"HTTP/1.1 200") :]) == expected
    assert talk.bytes_of("downstream") == sent
    assert talk.got[-1] == (60 * S, "downstream", "fin")
    assert talk.tally().applied == 1


def test_what_comes_after_the_silence_passes() -> None:
    """The time is counted from the last event, whenever the next one comes."""
    head, first, rest = streams()[4].partition(EVENTS[0])
    talk = asked(wire("sse_stall", after_events=1, **{"for": 100}), head + first)
    talk.send("downstream", EVENTS[1], 40 * MS)
    talk.send("downstream", rest.removeprefix(EVENTS[1]), 200 * MS)
    assert [at_ns for at_ns, stream, _ in talk.all() if stream == "downstream"][-2:] == [100 * MS, 200 * MS]
    assert talk.bytes_of("downstream") == streams()[4]


def test_nothing_is_for_ever() -> None:
    """Until the toxic is taken away."""
    talk = asked(wire("sse_stall", after_events=1), streams()[0])
    assert content_of(talk.bytes_of("downstream")) == b": hello\n" + EVENTS[0]
    talk.change(at_ns=5 * S, protocol="http")
    assert talk.bytes_of("downstream") == streams()[0]
    assert talk.got[-1][0] == 5 * S
