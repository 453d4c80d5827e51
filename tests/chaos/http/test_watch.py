"""How long a connection may wait: time begins with the first look, and each wait has its own."""

from __future__ import annotations

from fozzy.chaos.http.watch import Phase, Watch

SECOND = 10**9


def test_a_wait_is_late_after_its_time() -> None:
    """Counted from the first look at it."""
    watch = Watch()
    watch.expect(Phase.ANSWER, 2)
    assert [watch.late(now * SECOND) for now in (5, 6, 7, 8)] == [None, None, Phase.ANSWER, Phase.ANSWER]


def test_a_new_wait_begins_anew() -> None:
    """What was nearly late is forgotten."""
    watch = Watch()
    watch.expect(Phase.HEAD, 2)
    assert watch.late(SECOND) is None
    watch.expect(Phase.BODY, 2)
    assert [watch.late(now * SECOND) for now in (3, 4, 5)] == [None, None, Phase.BODY]


def test_a_hold_is_never_late() -> None:
    """Only the connection's own time ends it."""
    watch = Watch()
    watch.hold()
    assert watch.late(1) is None and watch.late(10**18) is None
    watch.total_ns = 10**18 + 5
    assert watch.late(10**18 + 4) is None and watch.late(10**18 + 5) is Phase.TOTAL
