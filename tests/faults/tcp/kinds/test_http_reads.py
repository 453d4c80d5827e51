"""Toxics of HTTP together do the same whatever the reads, and a client that is not cut off gets whole replies."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.faults.tcp.frames.http import Http
from tests.faults.tcp.frames.framing import Listening
from tests.faults.tcp.kinds.speaking import GET, JSON, came, chunked, records, sized, streams
from tests.faults.tcp.wiring import Got, Wire, toxic

POST = b"POST /b HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
REPLIES = [sized(JSON), chunked(JSON[:5], JSON[5:]), b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b""), *streams()[:4]]
WHOLE = [
    {"type_": "http_status", "status": 503},
    {"type_": "http_rate_limit"},
    {"type_": "http_malformed", "how": "truncate"},
    {"type_": "http_malformed", "how": "random-bytes"},
    {"type_": "http_slow_headers", "delay": 3},
    {"type_": "sse_stall", "after_events": 1, "for": 50},
    {"type_": "sse_drop_event"},
    {"type_": "sse_bad_json"},
    {"type_": "latency", "latency": 5, "jitter": 5},
]
CUTTING = [
    {"type_": "http_truncate", "bytes": 9},
    {"type_": "sse_cut", "after_events": 2},
    {"type_": "sse_partial_event", "end": "rst"},
]
SCHEDULES: list[dict[str, Any]] = [{}, {"every": 2}, {"first": 1}, {"pattern": ".F"}, {"struck": 0.5}]


@st.composite
def toxics(draw: st.DrawFn, among: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Up to three of them, each with a schedule."""
    chosen = draw(st.lists(st.tuples(st.sampled_from(among), st.sampled_from(SCHEDULES)), max_size=3))
    return [toxic(**{**kind, **when, "name": f"t{at}"}) for at, (kind, when) in enumerate(chosen)]


def talked(said: list[dict[str, Any]], talk: list[tuple[bytes, bytes]], sizes: list[int], seed: int) -> Wire:
    """All requests at once, then their replies."""
    wire = Wire(*said, protocol="http", seed=seed)
    wire.send("upstream", b"".join(asked for asked, _ in talk), sizes=sizes)
    up = wire.bytes_of("upstream")
    for _, reply in talk[: up.count(b"HTTP/1.1\r\n")]:
        if not over(wire.got):
            wire.send("downstream", reply, sizes=sizes)
    wire.all()
    wire.close()
    return wire


def over(got: Got) -> bool:
    """Whether it was cut."""
    return any(isinstance(what, str) for _, _, what in got)


TALKS = st.lists(st.tuples(st.sampled_from([GET, POST]), st.sampled_from(REPLIES)), max_size=4)


@settings(max_examples=60)
@given(toxics([*WHOLE, *CUTTING]), TALKS, st.lists(st.integers(1, 90), max_size=30), st.integers(0, 9))
def test_reads_are_nothing(said: Any, talk: Any, sizes: list[int], seed: int) -> None:
    """What the client gets, when, and all records are the same."""
    whole = talked(said, talk, [], seed)
    for cut in (sizes, [1] * 600):
        again = talked(said, talk, cut, seed)
        assert came(again.got) == came(whole.got)
        assert records(again) == records(whole)


@settings(max_examples=100)
@given(toxics(WHOLE), TALKS, st.integers(0, 9))
def test_replies_stay_whole(said: Any, talk: Any, seed: int) -> None:
    """As many as were asked for, each with all that its framing says, and streams with nothing that was not there."""
    got = talked(said, talk, [], seed).bytes_of("downstream")
    listening = Listening(Http)
    listening.say("upstream", b"".join(asked for asked, _ in talk))
    assert listening.say("downstream", got) == got
    replies = [each for each in listening.told() if each.of == "reply"]
    assert [each.whole for each in replies] == [True] * len(talk)
    assert listening.framer.lost == ""
    assert all(each.whole for each in listening.told())
