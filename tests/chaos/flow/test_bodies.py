"""Faults of bodies, step by step: what goes to the client, and what is said to have happened."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.chaos.flow import End, Flow, Head, Step, flow_of
from fozzy.chaos.flow.bodies import BLOCK_BYTES, HELD_BYTES_MAX
from fozzy.faults.http.bodies import CUT_BYTES, STREAM_CUT_BYTES, cut_at
from fozzy.faults.http.decision import Action, Close, Cut, Damage, Override

JSON = [("content-type", "application/json")]


def sized(length: int, status: int = 200, method: str = "GET") -> Head:
    """A head with a length."""
    return Head.of(status, [*JSON, ("content-length", str(length))], method)


def run(action: Action | None, head: Head, *pieces: bytes, now: list[int] | None = None) -> tuple[list[Step], Flow]:
    """All steps of an answer, up to the first end; `now` are the times of the clock, one for each look."""
    times = now or [0]
    flow = flow_of(action, head, lambda: times.pop(0) if len(times) > 1 else times[0])
    steps = flow.start(head)
    for piece in pieces:
        if not any(isinstance(step, End) for step in steps):
            steps += flow.feed(piece)
    if not any(isinstance(step, End) for step in steps):
        steps += flow.end()
    return steps, flow


def body(steps: list[Step]) -> bytes:
    """The bytes of the steps."""
    return b"".join(step for step in steps if isinstance(step, bytes))


def head_of(steps: list[Step]) -> Head:
    """The head, which comes first and once."""
    heads = [step for step in steps if isinstance(step, Head)]
    assert heads == [steps[0]]
    return heads[0]


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_nothing_planned_changes_nothing(pieces: list[bytes]) -> None:
    """Without an action the head and every piece go on as they came."""
    head = sized(3)
    steps, flow = run(None, head, *pieces)
    assert steps == [head, *pieces] and (flow.applied, flow.reason) == (False, "")


@given(
    st.sampled_from(["invalid-json", "truncate", "bit-flip", "random-bytes"]),
    st.integers(0, (1 << 64) - 1),
    st.lists(st.binary(max_size=30), max_size=4),
)
def test_damage_is_of_the_whole(how: str, base: int, pieces: list[bytes]) -> None:
    """However a body is sliced the damage is the same; the length fits; what was not damaged is bypassed."""
    true = b"".join(pieces)
    action = Damage(how, base, 1, "corrupt")  # type: ignore[arg-type]
    steps, flow = run(action, sized(len(true), 500), *pieces)
    whole, _ = run(action, sized(len(true), 500), true)
    got = body(steps)
    assert got == body(whole)
    assert head_of(steps).length() == len(got)
    assert flow.applied == (got != true)
    assert head_of(steps).status == (200 if flow.applied else 500)
    if how == "invalid-json":
        assert flow.applied
        with pytest.raises(ValueError):
            json.loads(got)


def test_damage_of_what_has_no_body() -> None:
    """A 204 gets a body that is no JSON under 200; an answer to HEAD cannot, and is bypassed."""
    action = Damage("invalid-json", 1, 1, "corrupt")
    steps, flow = run(action, Head.of(204, [], "GET"))
    assert (head_of(steps).status, head_of(steps).has_body, flow.applied) == (200, True, True) and body(steps)
    for head in (Head.of(200, [], "HEAD"), Head.of(204, [], "HEAD")):
        steps, flow = run(action, head)
        assert (steps, flow.reason) == ([head], "no_body")
    steps, flow = run(Damage("truncate", 1, 1, "corrupt"), Head.of(204, [], "GET"))
    assert (head_of(steps).status, flow.reason) == (204, "no_body")


def test_compressed_json_is_no_json_either() -> None:
    """The coding is taken away from what is to be no JSON, else a client would never look at the text."""
    head = Head.of(200, [*JSON, ("content-encoding", "gzip")], "GET")
    assert head_of(run(Damage("invalid-json", 1, 1, "corrupt"), head, b"zip")[0]).value("content-encoding") == ""
    assert head_of(run(Damage("bit-flip", 1, 1, "corrupt"), head, b"zip")[0]).value("content-encoding") == "gzip"


@pytest.mark.parametrize("how", ["invalid-json", "bit-flip"])
def test_a_long_body_is_damaged_at_its_beginning(how: str) -> None:
    """Of a body that is too long to hold, what is held is damaged; behind it a body of fixed length goes on."""
    piece = b"a" * (HELD_BYTES_MAX // 2)
    length = 4 * len(piece)
    steps, flow = run(Damage(how, 1, 1, "corrupt"), sized(length), *[piece] * 4)  # type: ignore[arg-type]
    assert flow.applied
    if how == "bit-flip":
        assert len(body(steps)) == head_of(steps).length() == length
    else:
        assert head_of(steps).length() is None and len(body(steps)) < length


@given(st.integers(0, (1 << 53) - 1), st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5))
def test_a_cut_is_a_short_read(value: int, pieces: list[bytes]) -> None:
    """A body with a length always ends before it, with what came before the cut whole."""
    true = b"".join(pieces)
    steps, flow = run(Cut("rst", value), sized(len(true)), *pieces)
    assert flow.applied and steps[-1] == End("rst")
    assert len(body(steps)) < len(true) and true.startswith(body(steps))


@given(st.integers(0, (1 << 53) - 1), st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5))
def test_a_cut_of_an_unknown_length(value: int, pieces: list[bytes]) -> None:
    """A body that says no length is cut at the place where one that says it is, however it comes."""
    true, head = b"".join(pieces), Head.of(200, JSON, "GET")
    steps, flow = run(Cut("fin", value), head, *pieces)
    assert steps[0] == head and steps[-1] == End("fin") and flow.applied
    assert body(steps) == body(run(Cut("fin", value), sized(len(true)), true)[0]) != true


def test_a_cut_of_nothing() -> None:
    """An empty body is bypassed, whether it says so or not."""
    for head in (sized(0), sized(9, method="HEAD"), Head.of(200, JSON, "GET")):
        steps, flow = run(Cut("fin", 0), head)
        assert (steps, flow.applied, flow.reason) == ([head], False, "no_body")


def test_a_cut_of_a_long_body_of_unknown_length() -> None:
    """No more is held than a cut takes for granted; how the body is sliced makes no difference."""
    true, head = bytes(range(256)) * (CUT_BYTES // 128), Head.of(200, JSON, "GET")
    once, _ = run(Cut("fin", 0), head, true)
    assert body(once) == true[: CUT_BYTES - 1]
    assert body(run(Cut("fin", 0), head, *[true[at : at + 1000] for at in range(0, len(true), 1000)])[0]) == body(once)


@given(st.integers(0, (1 << 53) - 1), st.integers(1, 2 * STREAM_CUT_BYTES), st.integers(1, 99))
def test_a_cut_of_a_stream(value: int, length: int, slice_bytes: int) -> None:
    """A stream is cut within its first bytes while it flows; one that ends before the place, or at it, is bypassed."""
    true, left = b"x" * length, cut_at(value, STREAM_CUT_BYTES)
    head = Head.of(200, [("content-type", "text/event-stream")], "GET")
    steps, flow = run(Cut("fin", value), head, *[true[at : at + slice_bytes] for at in range(0, length, slice_bytes)])
    assert len(body(steps)) == min(left, length)
    assert flow.applied == (left < length) == (steps[-1] == End("fin"))
    assert flow.reason == ("" if flow.applied else "stream_ended")


def test_the_first_limit_wins() -> None:
    """Of bytes, chunks and time the first that is reached ends the body, and is the reason."""
    head = Head.of(200, JSON, "GET")

    def cut(now: list[int] | None = None, **limits: int) -> tuple[bytes, str]:
        steps, flow = run(Close("fin", "in-body", **limits), head, b"aaaa", b"bbbb", b"cccc", now=now)
        assert flow.applied and steps[-1] == End("fin")
        return body(steps), flow.reason

    assert cut(after_bytes=5, after_chunks=3) == (b"aaaab", "after_bytes")
    assert cut(after_bytes=9, after_chunks=2) == (b"aaaabbbb", "after_chunks")
    assert cut(after_chunks=3, after_ns=10, now=[0, 0, 1, 1, 11]) == (b"aaaa", "after_time")
    assert cut(after_bytes=0) == (b"", "after_bytes")
    assert cut(after_chunks=0) == (b"", "after_chunks")


def test_a_limit_that_is_not_reached() -> None:
    """A body that ends before every limit, or exactly at it, is whole, and the fault bypassed."""
    for action in (Close("fin", "in-body", after_bytes=4), Close("fin", "in-body", after_chunks=1)):
        steps, flow = run(action, sized(4), b"aaaa")
        assert (body(steps), flow.applied, flow.reason) == (b"aaaa", False, "stream_ended")
    assert run(Close("fin", "in-body", after_bytes=1), sized(4, method="HEAD"))[1].reason == "no_body"


def test_blocks_stand_for_chunks() -> None:
    """A body with a length has no chunks: so many bytes count as one."""
    piece = b"a" * (BLOCK_BYTES + 1)
    steps, flow = run(Close("fin", "in-body", after_chunks=1), sized(2 * len(piece)), piece, piece)
    assert (len(body(steps)), flow.reason) == (BLOCK_BYTES, "after_chunks")


def test_an_end_behind_the_head() -> None:
    """The head goes, nothing of the body does."""
    steps, flow = run(Close("rst", "after-headers"), sized(4), b"aaaa")
    assert steps == [sized(4), End("rst")] and flow.applied


def test_time_may_end_it_between_pieces() -> None:
    """When the time is over while nothing comes, the door says so, and the answer ends once."""
    flow = flow_of(Close("fin", "in-body", after_ns=5), sized(4), lambda: 0)
    flow.start(sized(4))
    assert flow.after_ns == 5
    assert (flow.expire(), flow.reason, flow.expire()) == ([End("fin")], "after_time", [])


def test_another_status() -> None:
    """Another status keeps the body, or brings its own; where there can be none, none goes."""
    assert run(Override(503, None), sized(2), b"ab")[0] == [sized(2, 503), b"ab"]
    steps, _ = run(Override(503, b"own"), sized(2), b"ab")
    assert (head_of(steps).status, head_of(steps).length(), body(steps)) == (503, 3, b"own")
    steps, _ = run(Override(204, None), sized(2), b"ab")
    assert (head_of(steps).has_body, head_of(steps).length(), body(steps)) == (False, None, b"")
    steps, _ = run(Override(500, None), Head.of(204, [], "GET"))
    assert (head_of(steps).has_body, head_of(steps).length()) == (True, 0)
    assert run(Override(503, b"own"), sized(2, method="HEAD"))[0] == [sized(2, 503, "HEAD")]
