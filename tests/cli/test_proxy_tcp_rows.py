"""What the live view of TCP lists: which records, in which columns."""

from __future__ import annotations

import pytest

from fozzy.cli.proxy_tcp_rows import TcpRows
from fozzy.cli.proxy_tcp_screen import connection_line, message_line
from fozzy.core.events import Event
from fozzy.core.wires import Connected, Spoken, Struck
from fozzy.report.text import plain
from tests.chaos.tcp.wired import BYPASSED, connection, message

LATE = Struck("latency_downstream", "latency", applied=True, delay_ns=28 * 10**6)


def test_it_lists_what_a_pipe_gets() -> None:
    """Connections and what was struck; with -v every message; no change."""
    some, every = TcpRows(all_messages=False), TcpRows(all_messages=True)
    told = [connection(), message(struck=[LATE]), message(), Event(0, "", "chaos.change", {})]
    assert [some.lists(each) for each in told] == [True, True, False, False]
    assert [every.lists(each) for each in told] == [True, True, True, False]
    assert some.text(message(struck=[LATE])) == message_line(message(struck=[LATE]))
    assert some.text(connection()) == connection_line(connection())


@pytest.mark.parametrize(
    ("record", "row"),
    [
        (message(stream="downstream", bytes=65, struck=[LATE]), "    2   0.000 kv#1       < GET 2                      65B    0ms  latency +28ms"),
        (message(of="push", about="", said="ready", bytes=5), "    2   0.000 kv#1       > push ready            5B          0ms"),
        (message(struck=[BYPASSED]), "    2   0.000 kv#1       > GET 2                  0          0ms  (late bypassed)"),
        (message(at="accounts", connection=12), "    2   0.000 accoun…#12 > GET 2                  0          0ms"),
        (message(about="x" * 40), "    2   0.000 kv#1       > xxxxxxxxxxxxxxxxx…     0          0ms"),
        (connection(4), "    4   0.000 kv#1         closed by client     10B   20B    0ms"),
    ],
    ids=["late", "push", "bypassed", "long-name", "long", "connection"],
)  # fmt: skip
def test_a_row(record: Spoken | Connected, row: str) -> None:
    """Number, time, connection, direction, what it is about, bytes each way, what toxics did."""
    rows = TcpRows(all_messages=True)
    rows.head(80, [message(struck=[LATE])])
    assert plain(rows.row(record, [], chosen=False)).rstrip() == row
    assert plain(rows.row(record, [], chosen=True)).startswith(">")


def test_a_row_fits_its_terminal() -> None:
    """However much a toxic has to say, the other columns keep their room; the head stands above them."""
    rows = TcpRows(all_messages=True)
    long = Struck("a" * 60, "latency", applied=True)
    for columns in (80, 120):
        head = plain(rows.head(columns, [message(struck=[long])]))
        row = plain(rows.row(message(about="y" * 200, struck=[long]), [], chosen=False))
        assert head.index("toxic") == row.index("aaa") <= columns - 20
