"""What a TCP proxy says in lines: where it stands, what ended, what was struck."""

from __future__ import annotations

import pytest

from fozzy.chaos.tcp.totals import TcpTotals
from fozzy.cli.proxy_tcp_screen import Opened, connection_line, message_line, numbers_line, opening
from fozzy.core.wires import Connected, Flowed, Spoken, Struck
from fozzy.faults.tcp.plan import Proxy, Toxic
from fozzy.report.text import plain as text_of
from tests.chaos.tcp.wired import connection

LATE = Struck("latency_downstream", "latency", applied=True, delay_ns=100_000_000)
LOST = Struck("drop_reply_downstream", "drop_reply", applied=True, said="11 bytes")
MISSED = Struck("drop_reply_downstream", "drop_reply", reason="never_came")


def spoken(**said: object) -> Spoken:
    """A message."""
    fields = {"t": 10**9, "at": "redis", "number": 5, "arrived": 260 * 10**6, "connection": 1, "stream": "upstream"}
    return Spoken(**{**fields, "message": 1, "of": "request", "offset": 0, **said})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (spoken(about="INCR orders", bytes=27), "5 0.260 redis#1 > INCR orders 27B"),
        (spoken(stream="downstream", of="reply", bytes=1200, struck=[LATE]), "5 0.260 redis#1 < 1.2k toxic=latency_downstream(+100ms)"),
        (spoken(of="push", struck=[LOST, MISSED]), "5 0.260 redis#1 > push 0 toxic=drop_reply_downstream(11 bytes) bypassed=drop_reply_downstream(never_came)"),
        (spoken(whole=False, about="x" * 200), f"5 0.260 redis#1 > {'x' * 80} 0 not whole"),
        (spoken(about="\x1b[2J\n"), "5 0.260 redis#1 > \\x1b[2J\\n 0"),
    ],
)  # fmt: skip
def test_a_message_in_a_line(record: Spoken, line: str) -> None:
    """Its direction, what it is about, what toxics did to it; nothing of it reaches the terminal as it is."""
    assert message_line(record) == line


def test_a_connection_in_a_line() -> None:
    """Who ended it, how much went each way, what struck it."""
    ended = Connected(
        t=3 * 10**9,
        at="redis",
        number=4,
        arrived=10**9,
        connection=2,
        struck=[LATE],
        upstream=Flowed(bytes=100),
        downstream=Flowed(bytes=2 * 10**6),
        by="client",
        notes=["upstream refused"],
    )
    assert connection_line(ended) == (
        "4 1.000 redis#2 CLOSED by=client up=100B down=2.0M toxic=latency_downstream(+100ms) note=upstream_refused took=2.00s"
    )


def test_one_proxy_begins_with_its_addresses() -> None:
    """Then what it speaks and what may go wrong, a line each."""
    toxics = [Toxic(type="latency", attributes={"latency": 5}), Toxic(type="reset_peer", first=1)]
    proxy = Proxy(name="tcp", listen="127.0.0.1:1", upstream="127.0.0.1:2", protocol="redis", toxics=toxics)
    lines = opening(Opened([proxy], "127.0.0.1:8474", 7, "recording to t.fozzy", ["a note"]))
    assert [text_of(each) for each in lines] == [
        "  fozzy proxy  127.0.0.1:1 -> 127.0.0.1:2   control 127.0.0.1:8474   seed 7",
        "  speaks   redis",
        "  toxics   latency 5",
        "           reset_peer first 1",
        "  recording to t.fozzy",
        "  note: a note",
    ]


def test_several_proxies_have_a_line_each() -> None:
    """With their names; none at all is said, too."""
    proxies = [Proxy(name=name, listen=":1", upstream="b:2", enabled=name == "a") for name in "ab"]
    assert [text_of(each) for each in opening(Opened(proxies, "", 7))] == [
        "  fozzy proxy  2 proxies   seed 7",
        "  a  :1 -> b:2",
        "  toxics   none",
        "  b  :1 -> b:2   disabled",
        "  toxics   none",
    ]
    assert (
        text_of(opening(Opened([], "127.0.0.1:1", 7))[0]) == "  fozzy proxy  0 proxies   control 127.0.0.1:1   seed 7"
    )


def test_all_of_it_in_one_line() -> None:
    """Messages where they were counted, toxics that could not be applied where there are any."""
    totals = TcpTotals()
    assert numbers_line(totals) == "0 connections   0 struck   0 bytes up   0 bytes down"
    totals.listen(spoken(struck=[LATE, MISSED]))
    totals.listen(connection())
    assert numbers_line(totals) == "1 connection   2 messages   1 struck   1 bypassed   10 bytes up   20 bytes down"
