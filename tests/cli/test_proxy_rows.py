"""What the live view of HTTP lists. Its keys are tested in tests/cli/test_proxy_live.py, its columns with the screen."""

from __future__ import annotations

from fozzy.chaos.session import CHANGE
from fozzy.cli.proxy_rows import HttpRows
from fozzy.cli.proxy_screen import exchange_line
from fozzy.core.events import Event
from fozzy.core.exchange import Asked, Exchange, Sent
from fozzy.report.text import plain


def exchange(number: int, target: str = "/", applied: str = "") -> Exchange:
    """An exchange that was answered."""
    return Exchange(
        t=number,
        at="",
        number=number,
        arrived=0,
        key=target,
        occurrence=number,
        source="proxy",
        request=Asked(method="GET", target=target),
        sent=Sent(status=200),
        planned=applied,
        applied=applied,
    )


def test_it_lists_exchanges_and_filters_their_lines() -> None:
    """A change is no row."""
    rows = HttpRows()
    assert rows.lists(exchange(1)) and not rows.lists(Event(0, "", CHANGE, {}))
    assert rows.text(exchange(1)) == exchange_line(exchange(1))


def test_columns_are_as_wide_as_the_terminal_lets_them() -> None:
    """A row is cut as its head was made: a long path has more room in a wide one."""
    rows, one = HttpRows(), exchange(1, "/" + "x" * 100)
    widths = []
    for columns in (80, 160):
        head = plain(rows.head(columns, [one]))
        assert head.index("fault") == len(plain(rows.row(one, [], chosen=False)).rstrip()) + 2
        widths.append(plain(rows.row(one, [], chosen=True)).count("x"))
    assert widths[0] < widths[1]


def test_what_was_struck_before_is_asked_again() -> None:
    """Only after a fault, and only for the same request."""
    rows, struck = HttpRows(), exchange(1, "/a", "status")
    rows.head(80, [])
    assert "(retry)" in plain(rows.row(exchange(2, "/a"), [struck], chosen=False))
    assert "(retry)" not in plain(rows.row(exchange(2, "/b"), [struck], chosen=False))
    assert "(retry)" not in plain(rows.row(exchange(3, "/a"), [struck, exchange(2, "/a")], chosen=False))
