"""The `traceparent` header: read as W3C says, kept, and passed on with a span of ours as the parent."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.chaos.traceparent import SAMPLED, context_of, passed_on, read

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def test_a_valid_header_is_read() -> None:
    """Trace, parent and flags come from the header; spaces around it do not matter."""
    assert read(f" 00-{TRACE}-{SPAN}-01\t") == (TRACE, SPAN, 1)


def test_a_later_version_may_say_more() -> None:
    """What stands behind the flags of a later version is ignored, as W3C asks."""
    assert read(f"cc-{TRACE}-{SPAN}-09-what-the-future-holds") == (TRACE, SPAN, 9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "banana",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"cc-{TRACE}-{SPAN}-01x",
    ],
)
def test_what_is_not_valid_begins_a_trace(text: str) -> None:
    """A header that is not valid counts as none, and its `tracestate` does not go on."""
    headers = [("Accept", "*/*"), ("Traceparent", text), ("tracestate", "a=1")]
    context = context_of(headers, 7, "k", 1)
    assert (context.parent, context.flags) == ("", SAMPLED)
    assert passed_on(headers, context) == [("Accept", "*/*"), ("traceparent", f"00-{context.trace}-{context.span}-01")]


def test_a_trace_goes_on() -> None:
    """Upstream gets the same trace with our span as its parent; `tracestate` and the flags stay."""
    headers = [("TraceParent", f"00-{TRACE}-{SPAN}-00"), ("tracestate", "a=1"), ("x", "y")]
    context = context_of(headers, 7, "k", 1)
    assert (context.trace, context.parent, context.flags) == (TRACE, SPAN, 0)
    assert context.span != SPAN
    assert passed_on(headers, context) == [
        ("tracestate", "a=1"),
        ("x", "y"),
        ("traceparent", f"00-{TRACE}-{context.span}-00"),
    ]


def test_two_headers_are_as_good_as_none() -> None:
    """Nobody knows which of two headers is meant, so a trace begins."""
    headers = [("traceparent", f"00-{TRACE}-{SPAN}-01"), ("traceparent", f"00-{TRACE}-{SPAN}-01")]
    assert context_of(headers, 7, "k", 1).trace != TRACE


@given(st.integers(0, (1 << 53) - 1), st.text(max_size=20), st.integers(1, 1 << 40))
def test_ids_are_a_function_of_the_request(seed: int, key: str, occurrence: int) -> None:
    """Equal seed, key and occurrence give equal ids of the right form; another occurrence gives others."""
    one, two = context_of([], seed, key, occurrence), context_of([], seed, key, occurrence)
    assert one == two
    assert re.fullmatch("[0-9a-f]{32}", one.trace) and re.fullmatch("[0-9a-f]{16}", one.span)
    other = context_of([], seed, key, occurrence + 1)
    assert other.trace != one.trace and other.span != one.span
    assert read(dict(passed_on([], one))["traceparent"]) == (one.trace, one.span, SAMPLED)
