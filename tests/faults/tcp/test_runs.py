"""Runs of struck bytes are those that a schedule would find byte by byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.choice import first_hit
from fozzy.faults.keyed import beginning
from fozzy.faults.tcp.armed import gates
from fozzy.faults.tcp.plan import Schedule
from fozzy.faults.tcp.runs import BLOCK_BYTES, Runs

BEGUN = beginning(7, ("tcp", "p", "1", "downstream"))

SCHEDULES = st.builds(
    Schedule,
    first=st.none() | st.integers(1, 60),
    after=st.none() | st.integers(0, 40),
    every=st.none() | st.integers(1, 9),
    pattern=st.none() | st.text("F.", min_size=1, max_size=40),
)


def struck(schedule: Schedule, start: int, end: int) -> list[int]:
    """The offsets in the runs, which are in order and apart."""
    runs = list(Runs(schedule, BEGUN, "t.rate").among(start, end))
    found = [at for low, high in runs for at in range(low, high)]
    assert all(low < high for low, high in runs) and found == sorted(set(found))
    return found


@given(SCHEDULES, st.integers(0, 50), st.integers(0, 50))
def test_as_byte_by_byte(schedule: Schedule, start: int, size: int) -> None:
    """An offset's ordinal is one more, and all parts must agree."""
    agreed = gates(schedule)
    expected = [at for at in range(start, start + size) if all(gate(at + 1) for gate in agreed)]
    assert struck(schedule, start, start + size) == expected


@given(SCHEDULES, st.sampled_from([None, 0.0, 0.01, 0.5, 1.0]), st.lists(st.integers(1, 2000), max_size=6))
def test_any_cutting(schedule: Schedule, rate: float | None, sizes: list[int]) -> None:
    """However a stream is cut, the same bytes are struck."""
    schedule = Schedule(rate=rate, first=schedule.first and schedule.first * 50, every=schedule.every)
    found, at = [], 0
    for size in sizes:
        found += struck(schedule, at, at + size)
        at += size
    assert found == struck(schedule, 0, at)


def test_a_rate() -> None:
    """About so many bytes are struck, others for another stream or name, and a higher rate strikes those and more."""
    low, high = (struck(Schedule(rate=rate), 0, 100_000) for rate in (0.01, 0.02))
    assert 900 < len(low) < 1100 and set(low) < set(high)
    other = list(Runs(Schedule(rate=0.01), beginning(7, ("tcp", "p", "2", "downstream")), "t.rate").among(0, 100_000))
    assert [at for at, _ in other] != low and 900 < len(other) < 1100


def test_values_are_as_specified() -> None:
    """The drawn values are part of what a seed means; they never change."""
    runs = Runs(Schedule(rate=0.01), BEGUN, "t.rate")
    values = runs._values(0)
    assert len(values) == BLOCK_BYTES and values[:2] == VALUES
    assert [at for at, value in enumerate(values) if value >> 11 >= first_hit(0.01)] == struck(
        Schedule(rate=0.01), 0, BLOCK_BYTES
    )


VALUES = (8706384079476640560, 71418561823490972)
