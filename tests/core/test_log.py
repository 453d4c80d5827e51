"""The log: one record in, blocks out, nothing lost and nothing twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.events import Event
from fozzy.core.log import Log


@given(st.lists(st.booleans(), max_size=50))
def test_every_record_comes_out_once_and_in_order(flushes: list[bool]) -> None:
    """Wherever it is flushed, every sink gets every record once and in order, and the count is right all along."""
    first: list[Event] = []
    second: list[Event] = []
    log = Log([first.extend, second.extend])
    for number, flush in enumerate(flushes):
        log.append(Event(number, "", "e"))
        assert log.count == number + 1
        if flush:
            log.flush()
            assert len(first) == number + 1
    log.flush()
    assert [record.t for record in first] == list(range(len(flushes))) and first == second


def test_an_empty_flush_says_nothing() -> None:
    """A sink is not called for nothing."""
    calls: list[int] = []
    log = Log([lambda records: calls.append(len(records))])
    log.flush()
    log.append(Event(0, "", "e"))
    log.flush()
    log.flush()
    assert calls == [1]
