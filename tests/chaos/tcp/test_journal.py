from __future__ import annotations

from typing import Any

import pytest

from fozzy.chaos.tcp.journal import TcpJournal, TcpQuery
from fozzy.core.events import Event, Net
from fozzy.core.wires import Spoken
from tests.chaos.tcp.wired import APPLIED, BYPASSED, connection, message


def filled() -> TcpJournal:
    """Some of everything."""
    journal = TcpJournal(now_s=lambda: 0.0)
    for each in (
        message(2, struck=[APPLIED]),
        message(3, struck=[BYPASSED], stream="downstream", connection=2),
        message(4, at="db", about="SELECT 1 FROM x"),
        connection(1, struck=[APPLIED]),
        connection(5, by="late", connection=2),
        Event(9, "", "chaos.change", {"what": "plan replaced"}),
    ):
        journal.listen(each)
    return journal


@pytest.mark.parametrize(
    ("said", "places"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"order": "oldest"}, [1, 2, 3, 4, 5, 6]),
        ({"kind": "connection"}, [5, 4]),
        ({"kind": "change"}, [6]),
        ({"proxy": "db"}, [3]),
        ({"connection": 2}, [5, 2]),
        ({"stream": "downstream"}, [2]),
        ({"about": "select * from"}, [3]),
        ({"about": "sel"}, []),
        ({"toxic": "late"}, [4, 2, 1]),
        ({"toxic": "none"}, [5, 3]),
        ({"toxic": "any", "kind": "message"}, [2, 1]),
        ({"applied": True}, [4, 1]),
        ({"applied": False}, [5, 3, 2]),
        ({"by": "late"}, [5]),
        ({"limit": 2, "cursor": 5}, [4, 3]),
    ],
)
def test_what_fits_a_query(said: dict[str, Any], places: list[int]) -> None:
    """All that a query says must hold of an entry."""
    assert [each.entry for each in filled().page(TcpQuery(**said)).entries] == places


def test_pages_follow_each_other() -> None:
    """Pages of two show every entry once, newest or oldest first, and from the oldest on one can wait for more."""
    journal = filled()
    for order in ("newest", "oldest"):
        seen: list[int] = []
        cursor: int | None = None
        for _ in range(3):
            page = journal.page(TcpQuery(order=order, limit=2, cursor=cursor))  # type: ignore[arg-type]
            seen += [each.entry for each in page.entries]
            cursor = page.next
        assert sorted(seen) == [1, 2, 3, 4, 5, 6]
        assert cursor == (6 if order == "oldest" else None)


def test_it_is_bounded_and_counts_what_is_gone() -> None:
    """Old entries make room; emptied it starts from nothing, and places go on."""
    journal = TcpJournal(size=3)
    for number in range(1, 11):
        journal.listen(message(number))
    page = journal.page(TcpQuery())
    assert [each.entry for each in page.entries] == [10, 9, 8]
    assert (page.total, page.kept, page.forgotten, page.last) == (3, 3, 7, 10)
    assert journal.clear() == 3 and journal.forgotten == 0
    journal.listen(message(11))
    journal.listen(Net(1, "a", "send", "a>b"))  # not of a proxy
    assert [each.entry for each in journal.page(TcpQuery()).entries] == [11]


def test_what_is_shown_has_no_secrets() -> None:
    """A value that a later message tells to be secret is not shown in an earlier one."""
    journal = TcpJournal()
    journal.listen(message(1, about="GET s3cr3t-91c2f7"))
    journal.listen(message(2, about="ALTER ROLE app PASSWORD 's3cr3t-91c2f7'"))
    abouts = [each.about for each in journal.records() if isinstance(each, Spoken)]
    assert abouts == ["GET <redacted>", "ALTER ROLE app PASSWORD '<redacted>'"]
    assert "s3cr3t" not in str(journal.page(TcpQuery()))
