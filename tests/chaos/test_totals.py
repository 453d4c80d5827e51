"""The few numbers a run ends with: every exchange counts once, in each where it belongs."""

from __future__ import annotations

from fozzy.chaos.totals import Totals
from fozzy.core.events import Event
from tests.chaos.exchanges import exchange


def test_what_counts_where() -> None:
    """Delayed or struck is faulted, an answer with a pace of its own is not; planned and not applied is bypassed; a change is no exchange."""
    totals = Totals()
    for each in (
        exchange(),
        exchange(waited_ns=5, delay_ns=5),
        exchange(waited_ns=5),
        exchange(planned="drop", applied="drop"),
        exchange(planned="drop", reason="upstream_failed"),
        exchange(not_recorded="too long"),
    ):
        totals.listen(each)
    totals.listen(Event(0, "", "chaos.change", {}))
    assert (totals.exchanges, totals.faulted, totals.bypassed, totals.not_recorded) == (6, 2, 1, 1)
    assert totals.took.count == 6


def test_percentiles() -> None:
    """Within what a histogram of buckets can tell."""
    totals = Totals()
    assert totals.percentiles() == (0, 0)
    for took in range(1, 101):
        totals.listen(exchange(arrived=0, t=took * 10**6))
    p50, p99 = totals.percentiles()
    assert 50e6 <= p50 <= 51e6
    assert 99e6 <= p99 <= 101e6
