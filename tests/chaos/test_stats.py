"""Statistics count each request once, keep to their bounds, and tell percentiles that are near the truth."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.chaos.stats import LABELS_MAX, Histogram, Stats, Times
from fozzy.core.events import Event
from fozzy.core.exchange import Asked, Ending, Exchange, Sent


def exchange(status: int = 200, took: int = 5, ended: Ending = "whole", **said: Any) -> Exchange:
    fields: dict[str, Any] = {
        "t": 100 + took,
        "at": "",
        "number": 1,
        "arrived": 100,
        "key": "k",
        "occurrence": 1,
        "source": "proxy",
        "request": Asked("GET", "/a"),
        "sent": Sent(status, 0, ended),
    }
    return Exchange(**{**fields, **said})


def counted(*exchanges: Exchange) -> Stats:
    stats = Stats()
    for each in exchanges:
        stats.listen(each)
    return stats


def test_requests_are_counted_by_what_became_of_them() -> None:
    """Each request counts once in each table it belongs to."""
    summary = counted(
        exchange(200, test="t1", at="routes[0]"),
        exchange(500, planned="drop", applied="drop", source="internal"),
        exchange(502, planned="malformed", reason="upstream_failed"),
        exchange(0, ended="client_gone", waited_ns=40, delay_ns=50),
        exchange(200, source="fixture", at="routes[0]", sent=None),
    ).summary()
    assert summary.requests == 5
    assert summary.by_status == {"0": 2, "200": 1, "500": 1, "502": 1}
    assert summary.by_source == {"fixture": 1, "internal": 1, "proxy": 3}
    assert summary.by_route == {"none": 3, "routes[0]": 2}
    assert summary.by_test == {"t1": 1}
    assert summary.by_action == {"drop": 1}
    assert summary.bypassed == {"malformed": {"upstream_failed": 1}}
    assert (summary.delayed, summary.client_gone) == (1, 2)
    assert summary.waited_ns.max == 40
    assert summary.took_ns.count == 5


def test_a_change_is_no_request() -> None:
    """Changes of the plan are counted apart."""
    stats = counted()
    stats.listen(Event(1, "", "chaos.change", {}))
    assert (stats.summary().requests, stats.summary().changes) == (0, 1)


def test_setting_back_begins_at_nothing() -> None:
    """After `clear` nothing is left of before."""
    stats = counted(exchange(500, applied="drop", planned="drop"))
    assert stats.summary() != Stats().summary()
    stats.clear()
    assert stats.summary() == Stats().summary()
    assert stats.summary().took_ns == Times()


def test_labels_are_bounded() -> None:
    """Labels a client makes up take no more room than there is; the rest are counted together."""
    stats = counted(*(exchange(test=f"t{number}") for number in range(LABELS_MAX + 10)))
    by_test = stats.summary().by_test
    assert len(by_test) == LABELS_MAX + 1
    assert by_test["other"] == 10
    assert sum(by_test.values()) == LABELS_MAX + 10


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=200))
def test_percentiles_are_near_the_truth(values: list[int]) -> None:
    """A percentile is never below the true one, and at most 1.6 % above it."""
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    ranked = sorted(values)
    told = histogram.at((50, 90, 99, 100))
    for percent, found in zip((50, 90, 99, 100), told, strict=True):
        true = ranked[max(-(-len(values) * percent // 100), 1) - 1]
        assert true <= found <= true * 1.016 + 1
    assert told[-1] == histogram.max == ranked[-1]
    times = histogram.times()
    assert (times.min, times.count, times.mean) == (ranked[0], len(values), sum(values) // len(values))


def test_the_order_of_requests_does_not_matter() -> None:
    """The same requests give the same numbers, in whatever order they ended."""
    many = [exchange(200 + number % 3, took=number * 977, test=f"t{number % 5}") for number in range(50)]
    assert counted(*many).summary() == counted(*reversed(many)).summary()
