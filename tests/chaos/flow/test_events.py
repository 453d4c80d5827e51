"""Faults of streams: the one event that is meant is lost, damaged or the last, wherever the stream is sliced."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.chaos.flow import End, Flow, Head, Step, Wait, flow_of
from fozzy.faults.http.decision import Action, Damage, EndStream, LoseEvent, Pause, SpoilEvent

SSE = Head.of(207, [("content-type", "text/event-stream; charset=utf-8"), ("content-length", "99")], "GET")
NDJSON = Head.of(200, [("content-type", "application/x-ndjson")], "GET")
EVENTS = [b'id: %d\ndata: {"n": %d}\n\n' % (n, n) for n in range(1, 6)]
LINES = [b'{"n": %d}\n' % n for n in range(1, 6)]

Cuts = st.lists(st.integers(0, 120), max_size=8)


def sliced(stream: bytes, cuts: list[int]) -> list[bytes]:
    """A stream in pieces."""
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    return [stream[low:high] for low, high in zip(places, places[1:], strict=False)]


def run(action: Action, head: Head, stream: bytes, cuts: list[int]) -> tuple[list[Step], Flow]:
    """All steps of a stream, up to the first end."""
    flow = flow_of(action, head, lambda: 0)
    steps = flow.start(head)
    for piece in sliced(stream, cuts):
        steps += flow.feed(piece)
        if any(isinstance(step, End) for step in steps):
            end = next(n for n, step in enumerate(steps) if isinstance(step, End))
            return steps[: end + 1], flow
    return steps + flow.end(), flow


def body(steps: list[Step]) -> bytes:
    return b"".join(step for step in steps if isinstance(step, bytes))


def numbers(data: bytes, is_sse: bool) -> list[Any]:
    """What the events say; none for one that is no JSON."""
    found: list[Any] = []
    for text in data.split(b"\n\n" if is_sse else b"\n"):
        if text:
            try:
                found.append(json.loads(text.partition(b"data: ")[2] if is_sse else text)["n"])
            except ValueError:
                found.append(None)
    return found


@pytest.mark.parametrize(("head", "events"), [(SSE, EVENTS), (NDJSON, LINES)], ids=["sse", "ndjson"])
@given(cuts=Cuts, number=st.integers(1, 5))
def test_one_event_is_lost(head: Head, events: list[bytes], cuts: list[int], number: int) -> None:
    """The others arrive byte for byte, and no length is announced that would be wrong."""
    steps, flow = run(LoseEvent(number), head, b"".join(events), cuts)
    assert body(steps) == b"".join(event for n, event in enumerate(events, 1) if n != number)
    assert flow.applied and isinstance(steps[0], Head) and steps[0].length() is None


@pytest.mark.parametrize(("head", "events"), [(SSE, EVENTS), (NDJSON, LINES)], ids=["sse", "ndjson"])
@given(cuts=Cuts, number=st.integers(1, 5), base=st.integers(0, (1 << 64) - 1))
def test_one_event_is_damaged(head: Head, events: list[bytes], cuts: list[int], number: int, base: int) -> None:
    """The others arrive; the one is no JSON, under the status that was, or 200 where the fault is `malformed`."""
    for action in (SpoilEvent(number, base), Damage("invalid-json", base, number, "corrupt")):
        steps, flow = run(action, head, b"".join(events), cuts)
        expected = [None if n == number else n for n in range(1, 6)]
        assert numbers(body(steps), head is SSE) == expected and flow.applied
        assert isinstance(steps[0], Head)
        assert steps[0].status == (200 if isinstance(action, Damage) else head.status)


@given(cuts=Cuts, number=st.integers(0, 4))
def test_a_stream_ends(cuts: list[int], number: int) -> None:
    """So many events go, then the end."""
    steps, flow = run(EndStream(number, "rst"), SSE, b"".join(EVENTS), cuts)
    assert body(steps) == b"".join(EVENTS[:number]) and steps[-1] == End("rst") and flow.applied


@given(cuts=Cuts, number=st.integers(0, 5))
def test_a_stream_pauses(cuts: list[int], number: int) -> None:
    """So many events go, then one pause, then the rest."""
    steps, flow = run(Pause(number, 7), SSE, b"".join(EVENTS), cuts)
    assert steps.count(Wait(7)) == 1 and flow.applied
    at = steps.index(Wait(7))
    assert (body(steps[:at]), body(steps)) == (b"".join(EVENTS[:number]), b"".join(EVENTS))


def test_a_body_pauses_after_its_first_byte() -> None:
    """What is no stream pauses too, once."""
    head = Head.of(200, [("content-type", "text/plain")], "GET")
    flow = flow_of(Pause(3, None), head, lambda: 0)
    assert flow.start(head) == [head]
    assert [flow.feed(b""), flow.feed(b"ab"), flow.feed(b"c"), flow.end()] == [
        [b""],
        [b"a", Wait(None), b"b"],
        [b"c"],
        [],
    ]
    assert (flow.applied, flow.reason) == (True, "")


@pytest.mark.parametrize(
    "action", [LoseEvent(9), SpoilEvent(9, 1), EndStream(9, "fin"), Damage("invalid-json", 1, 9, "corrupt")]
)
def test_an_event_that_never_comes(action: Action) -> None:
    """A stream that ends before is whole, and the fault bypassed."""
    steps, flow = run(action, SSE, b"".join(EVENTS), [])
    assert (body(steps), flow.applied, flow.reason) == (b"".join(EVENTS), False, "stream_ended")


def test_what_is_no_stream() -> None:
    """An answer that is no stream, that has no body or that is compressed goes on as it is, with the reason."""
    plain = Head.of(200, [("content-type", "application/json")], "GET")
    none = Head.of(204, [("content-type", "text/event-stream")], "GET")
    packed = Head.of(200, [("content-type", "text/event-stream"), ("content-encoding", "gzip")], "GET")
    for head, reason in ((plain, "not_a_stream"), (none, "no_body"), (packed, "encoded")):
        steps, flow = run(LoseEvent(1), head, b"".join(EVENTS), [])
        assert (steps, flow.reason) == ([head, b"".join(EVENTS)], reason)


def test_streams_may_be_left_alone() -> None:
    """A malformed fault that is told to bypass streams does, and says so."""
    steps, flow = run(Damage("invalid-json", 1, 1, "bypass"), SSE, b"".join(EVENTS), [])
    assert (steps, flow.applied, flow.reason) == ([SSE, b"".join(EVENTS)], False, "stream")
