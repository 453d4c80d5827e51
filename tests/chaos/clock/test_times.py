"""Seconds of loops and nanoseconds: a time is never due before the loop thinks so."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from fozzy.chaos.clock.shared import NEVER_NS
from fozzy.chaos.clock.times import due_ns_of


def test_never_is_never() -> None:
    """What never comes is the huge number."""
    assert due_ns_of(math.inf) == NEVER_NS
    assert due_ns_of(1e300) == NEVER_NS


@given(st.floats(min_value=0, max_value=1e8))
def test_a_time_is_reached_and_not_by_far(when_s: float) -> None:
    """At that nanosecond the loop's clock has reached the time, and a microsecond before it has not."""
    due_ns = due_ns_of(when_s)
    assert due_ns / 1e9 >= when_s
    assert due_ns == 0 or (due_ns - 1000) / 1e9 < when_s
