"""The texts of a plan are the numbers they say."""

from __future__ import annotations

import pytest

from fozzy.faults.http.values import bytes_per_s, rate_of, seconds_up


@pytest.mark.parametrize(
    ("text", "count", "unit_ns"),
    [("50/s", 50, 10**9), ("1/ms", 1, 10**6), ("7/m", 7, 60 * 10**9), ("2/h", 2, 3600 * 10**9)],
)
def test_rates(text: str, count: int, unit_ns: int) -> None:
    """A rate is a number in a unit of time."""
    assert rate_of(text) == (count, unit_ns)


@pytest.mark.parametrize(
    ("text", "number"), [("7B/s", 7), ("100KB/s", 100_000), ("2MB/s", 2_000_000), ("1GB/s", 10**9)]
)
def test_bandwidths(text: str, number: int) -> None:
    """1 KB is 1,000 bytes."""
    assert bytes_per_s(text) == number


def test_seconds_are_rounded_up() -> None:
    """A client that waits as long as it is told has waited long enough."""
    assert [seconds_up(ns) for ns in (0, 1, 10**9, 10**9 + 1)] == [0, 1, 1, 2]
