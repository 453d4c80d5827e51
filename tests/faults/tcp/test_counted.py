from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.wires import Counted
from fozzy.faults.keyed import beginning
from fozzy.faults.tcp.counted import RUNS_MAX, ByteCount, counted_again
from fozzy.faults.tcp.plan import Schedule
from fozzy.faults.tcp.runs import Runs

BEGUN = beginning(7, ("tcp", "kv", "1", "upstream"))
SCHEDULES = st.sampled_from(
    [
        Schedule(),
        Schedule(first=30),
        Schedule(after=10, every=3),
        Schedule(pattern="FF.FFF..F"),
        Schedule(rate=0.3),
        Schedule(rate=0.5, first=100),
    ]
)


def runs(schedule: Schedule) -> Runs:
    """What a schedule strikes."""
    return Runs(schedule, BEGUN, "t.rate")


def counted(schedule: Schedule, cuts: list[int], gaps: frozenset[int] = frozenset()) -> Counted:
    """What is counted of a stream that comes in pieces, some of which never come here."""
    count, at, these = ByteCount("t"), 0, runs(schedule)
    for index, size in enumerate(cuts):
        if index not in gaps:
            count.look(at, at + size)
            for run in these.among(at, at + size):
                count.strike(*run)
        at += size
    return count.told()


@given(SCHEDULES, st.lists(st.integers(0, 40), max_size=30))
def test_it_does_not_depend_on_how_bytes_were_cut(schedule: Schedule, cuts: list[int]) -> None:
    """Pieces of any size, or all at once, are counted as the same."""
    assert counted(schedule, cuts) == counted(schedule, [sum(cuts)])


@given(SCHEDULES, st.lists(st.integers(0, 40), max_size=30), st.frozensets(st.integers(0, 29)))
def test_it_can_be_counted_again(schedule: Schedule, cuts: list[int], gaps: frozenset[int]) -> None:
    """From the offsets that were looked at, the schedule and the seed the same bytes are struck, gaps or not."""
    once = counted(schedule, cuts, gaps)
    assert counted_again(once, runs(schedule)) == once


def test_what_is_struck_otherwise_is_seen() -> None:
    """Another schedule, and as many other bytes, are told apart."""
    once = counted(Schedule(every=2), [100])
    assert once == Counted("t", [(0, 100)], 50, once.digest)
    assert counted_again(once, runs(Schedule(every=4))) != once
    assert counted_again(once, runs(Schedule(pattern="F." * 50))).struck == 50
    assert counted_again(once, runs(Schedule(pattern="F." * 50))) != once


def test_it_is_bounded() -> None:
    """With a gap after each byte it stops after so many runs, and what is kept can still be counted again."""
    cuts = [1] * 10 * RUNS_MAX
    once = counted(Schedule(), cuts, frozenset(range(0, len(cuts), 2)))
    assert len(once.runs) == once.struck == RUNS_MAX
    assert counted_again(once, runs(Schedule())) == once
