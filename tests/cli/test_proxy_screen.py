"""What a proxy says, line by line."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.cli import proxy_screen as screen
from fozzy.core.events import Event
from fozzy.core.exchange import Asked, Exchange, Sent
from fozzy.report.text import plain

MS = 10**6


def exchange(**changes: Any) -> Exchange:
    """An exchange that ended well, with changes."""
    usual: dict[str, Any] = {
        "t": 12_261 * MS,
        "at": "",
        "number": 120,
        "arrived": 12_260 * MS,
        "key": "k",
        "occurrence": 1,
        "source": "proxy",
        "request": Asked(method="GET", target="/orders/7"),
        "sent": Sent(status=200, bytes=120),
    }
    return Exchange(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "120 12.260 GET /orders/7 200 took=1ms"),
        (
            {"planned": "status", "applied": "status", "sent": Sent(status=503)},
            "120 12.260 GET /orders/7 503 fault=status took=1ms",
        ),
        (
            {"planned": "drop", "applied": "drop", "waited_ns": 5, "delay_ns": 5},
            "120 12.260 GET /orders/7 200 fault=latency+drop took=1ms",
        ),
        ({"waited_ns": 5}, "120 12.260 GET /orders/7 200 took=1ms"),  # an answer of the plan's own takes its time
        (
            {"planned": "malformed", "reason": "upstream_failed", "sent": Sent(status=502)},
            "120 12.260 GET /orders/7 502 bypassed=malformed(upstream_failed) took=1ms",
        ),
        (
            {"reason": "client_gone", "sent": Sent(status=0, ended="client_gone")},
            "120 12.260 GET /orders/7 - reason=client_gone took=1ms",
        ),
        ({"sent": None, "test": "t 1"}, "120 12.260 GET /orders/7 - test=t 1 took=1ms"),
    ],
)
def test_an_exchange_in_a_line(changes: dict[str, Any], said: str) -> None:
    """What was asked, what the client got, what was done to it, how long it took."""
    assert screen.exchange_line(exchange(**changes)) == said


def test_a_line_shows_no_query_and_moves_no_cursor() -> None:
    """A query may hold secrets; a target is a client's own words."""
    shown = screen.exchange_line(exchange(request=Asked(method="GET", target="/a\x1b[2J\n?token=secret")))
    assert "secret" not in shown and "\x1b" not in shown and "\n" not in shown
    assert "/a" in shown and "?…" in shown


def test_a_row_fits_eighty_columns_with_its_fault() -> None:
    """Number, time, method, path, status, sizes, time, fault: below the words that name them."""
    room = screen.path_room(80)
    long = exchange(
        request=Asked(method="OPTIONS", target="/" + "x" * 99, bytes=2000), applied="disconnect", planned="disconnect"
    )
    head, row = plain(screen.row_head(room)), plain(screen.row(long, room, chosen=True))
    assert row.startswith("> 120  12.260 OPTION /xxx")
    assert row.endswith("disconnect")
    assert len(row) <= 80
    assert row.index("disconnect") == head.index("fault")
    assert head.index("status") + 6 == row.index("200") + 3
    assert screen.path_room(20) == screen.PATH_CHARS_MIN


def test_the_path_leaves_room_for_the_faults_that_are_shown() -> None:
    """Where there is room a fault is shown whole, and the path has the rest."""
    long = exchange(
        request=Asked(method="GET", target="/" + "x" * 99), applied="status", delay_ns=9, waited_ns=9, planned="status"
    )
    for columns in (80, 100, 200):
        room = screen.path_room(columns, [long])
        row = plain(screen.row(long, room))
        assert row.endswith("latency+status") and columns - 2 <= len(row) < columns
    assert screen.path_room(100, [exchange()]) == screen.path_room(100)


def test_a_row_says_what_else_there_is_to_say() -> None:
    """A retry after a fault, a fault that could not be applied."""
    assert plain(screen.row(exchange(), again=True)).endswith("(retry)")
    assert plain(screen.row(exchange(planned="drop"), again=True)).endswith("(drop bypassed)")


def test_the_first_lines() -> None:
    """Where, for whom, how it is controlled, the seed, what may go wrong, on no line wider than the screen."""
    opened = screen.Opened(
        listen="127.0.0.1:8080",
        upstream="127.0.0.1:9000",
        control="127.0.0.1:8474",
        seed=7,
        words=[f"fault {number} on 5%" for number in range(10)],
        notes=["--chaos-latency-ms 5 is --latency 5ms"],
        scenario="slow",
        cassette="recording to a.fozzy",
    )
    lines = [plain(each) for each in screen.opening(opened, "[f] edit")]
    assert lines[0] == "  fozzy proxy  127.0.0.1:8080 -> 127.0.0.1:9000   control 127.0.0.1:8474   seed 7"
    assert lines[1].startswith("  faults   scenario slow   fault 0 on 5%")
    assert lines[2].startswith("           fault ")
    assert lines[-3].endswith("[f] edit")
    assert lines[-2:] == ["  recording to a.fozzy", "  note: --chaos-latency-ms 5 is --latency 5ms"]
    assert all(len(each) <= 80 for each in lines[1:])
    bare = screen.Opened(listen="a:1", upstream="", control="", seed=0, words=[])
    assert [plain(each) for each in screen.opening(bare)] == [
        "  fozzy proxy  a:1 -> nobody   seed 0",
        "  faults   none",
    ]


def test_numbers_in_a_line() -> None:
    """As in the live view and at the end."""
    numbers = screen.Numbers(123, 24, 11 * MS, 260 * MS, 214_000, 2)
    said = "123 exchanges   24 faulted   p50 11ms  p99 260ms   recording 214.0 kB   2 in flight"
    assert screen.numbers_line(numbers) == said
    assert screen.numbers_line(screen.Numbers()) == "0 exchanges   0 faulted   p50 0ms  p99 0ms"


def test_a_change_in_a_line() -> None:
    """What was changed, without the whole state."""
    fields = {"number": 3, "arrived": 5, "what": "scenario started", "scenario": "slow", "state": {"plan": {}}}
    said = screen.change_line(Event(2 * 10**9, "", "chaos.change", fields))
    assert said == "3 2.000 CHANGE scenario started scenario=slow"


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0"), (412, "412B"), (1200, "1.2k"), (99_500, "100k"), (3_400_000, "3.4M"), (5 * 10**9, "5.0G")],
)
def test_sizes_in_four_characters(size: int, said: str) -> None:
    """Enough to compare."""
    assert screen.brief(size) == said


def test_seconds() -> None:
    """To the millisecond, from the start."""
    assert screen.seconds(12_260 * MS) == "12.260"
    assert screen.seconds(5) == "0.000"
