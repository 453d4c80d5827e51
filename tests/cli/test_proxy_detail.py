"""One exchange in full: all that decided about it, and no secret."""

from __future__ import annotations

import msgspec

from fozzy.cli.proxy_detail import BODY_LINES_MAX, below, detail
from fozzy.core.blob import Blob
from fozzy.core.exchange import Answered, Asked, Exchange, Roll, Sent
from fozzy.report.text import plain

MS = 10**6
EXCHANGE = Exchange(
    t=12_300 * MS,
    at="routes[0]",
    number=120,
    arrived=12_260 * MS,
    key="c16a4ddf5e97d7f6",
    occurrence=2,
    source="proxy",
    request=Asked(
        method="POST",
        target="/pay?token=hush-hush",
        headers=[("Authorization", "Bearer hush-hush"), ("X-Id", "7")],
        body=Blob.of(b'{"a": 1}\nhush-hush'),
        bytes=18,
    ),
    answer=Answered(status=200, reason="OK", headers=[("Server", "up")], body=Blob.of(b"fine"), bytes=4),
    sent=Sent(status=503, bytes=9, ended="fin"),
    rolls=[Roll("latency", 0.3, 2**52, False, "server"), Roll("status", 0.5, 2**53 - 1, True, "scenario \x1b[2J")],
    planned="status",
    applied="status",
    delay_ns=30 * MS,
    waited_ns=31 * MS,
    notes=["ignored: x"],
)


def test_all_that_there_is() -> None:
    """Request, true answer, what the client got, every roll with what it needed, who decided."""
    shown = "\n".join(plain(each) for each in detail(EXCHANGE, 100))
    for said in (
        "#120  POST /pay",
        "at 12.260, took 40ms; the client got 503, 9 bytes, ended by fin",
        "by routes[0], source proxy, applied status, delay 30ms, waited 31ms\n",
        "    occurrence 2 of key c16a4ddf5e97d7f6\n",
        "latency: miss, 0.5000 of at least 0.7000, from server",
        "status: hit, 1.0000 of at least 0.5000, from scenario",
        "X-Id: 7",
        "18 bytes of body",
        '{"a": 1}',
        "truly answered  200 OK",
        "fine",
        "ignored: x",
    ):
        assert said in shown, shown
    named = msgspec.structs.replace(EXCHANGE, route="pay")
    assert "by pay (routes[0])" in "\n".join(plain(each) for each in detail(named, 100))
    assert "hush" not in shown
    assert "\x1b" not in shown


def test_a_fault_that_could_not_be_applied_and_no_answer() -> None:
    """What was meant is told apart from what happened."""
    bypassed = Exchange(
        t=1, at="", number=1, arrived=0, key="", occurrence=0, source="proxy",
        request=Asked(method="GET", target="/"), planned="malformed", reason="upstream_failed",
    )  # fmt: skip
    shown = "\n".join(plain(each) for each in detail(bypassed, 100))
    assert "planned malformed, not applied: upstream_failed" in shown
    assert "the client got no answer" in shown
    assert "by no route" in shown


def test_no_more_lines_than_there_is_room_for() -> None:
    """What does not fit is counted."""
    lines = detail(EXCHANGE, 5)
    assert len(lines) == 5
    assert "more lines" in plain(lines[-1])


def test_below_a_request() -> None:
    """Once: rolls and notes. Twice: both messages, their bodies bounded, no secret."""
    long = msgspec.structs.replace(EXCHANGE.request, body=Blob.of(b"line hush-hush\n" * 99), bytes=99 * 15)
    exchange = msgspec.structs.replace(EXCHANGE, request=long)
    assert list(below(exchange, 0)) == []
    once = "\n".join(plain(each) for each in below(exchange, 1))
    assert "status: hit" in once and "latency: miss" in once and "ignored: x" in once and "asked" not in once
    twice = "\n".join(plain(each) for each in below(exchange, 2))
    assert twice.startswith(once) and "X-Id: 7" in twice and "fine" in twice and "hush" not in twice
    assert twice.count("\n    line ") == BODY_LINES_MAX and "87 more lines" in twice
