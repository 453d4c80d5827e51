"""A connection or a message in full, and what stands below it."""

from __future__ import annotations

from fozzy.cli.wire_detail import wire_below, wire_detail
from fozzy.core.exchange import Roll
from fozzy.report.text import plain
from tests.chaos.tcp.wired import APPLIED, BYPASSED, connection, message

ROLL = Roll("late.rate", 0.5, 1 << 52, True, "kv/late")


def test_draws_stand_below_a_message() -> None:
    """With -v every draw and who spared it; with -vv where it is in its stream, what it answers and its digest."""
    record = message(3, rolls=[ROLL], spared=["half"], offset=1234, answers=2, digest="abcd")
    assert list(wire_below(record, 0)) == []
    once = [plain(each).strip() for each in wire_below(record, 1)]
    assert once == ["late.rate: hit, 0.5000 of at least 0.5000, from kv/late", "counted and spared by half"]
    last = [plain(each).strip() for each in wire_below(record, 2)][-1]
    assert last == "came at 0ms, from byte 1,234 of its stream, answers upstream message 2, digest abcd"


def test_draws_stand_below_a_connection() -> None:
    """Those of toxicity among them; with -vv how many messages it had."""
    shown = [plain(each).strip() for each in wire_below(connection(rolls=[ROLL]), 2)]
    assert shown[0].startswith("late.rate: hit")
    assert shown[1] == "came at 0ms, 1 messages upstream, 1 downstream"


def test_a_message_in_full() -> None:
    """What it is, what it says, what toxics did, and its draws."""
    record = message(
        3, stream="downstream", of="reply", bytes=9, said="ERR", whole=False, struck=[APPLIED, BYPASSED], rolls=[ROLL]
    )
    assert [plain(each) for each in wire_detail(record, 20)][:7] == [
        "  #3  reply 3 downstream on connection 1 of kv",
        "    GET 3, 9 bytes, took 0ms",
        "    says ERR",
        "    its end was not seen",
        "    latency (late) struck",
        "    latency (late) could not strike: never_came",
        "    late.rate: hit, 0.5000 of at least 0.5000, from kv/late",
    ]


def test_a_connection_in_full() -> None:
    """Who ended it, what came each way and what was passed on, its notes; nothing of it reaches the terminal as it is."""
    record = connection(4, client="127.0.0.1:5", struck=[APPLIED], notes=["upstream\x1b refused"])
    shown = [plain(each) for each in wire_detail(record, 20)]
    assert shown[:5] == [
        "  #4  connection 1 of kv",
        "    from 127.0.0.1:5, ended by client after 0ms",
        "    upstream    10 bytes came, 10 bytes passed on, ended by its sender with FIN",
        "    downstream  20 bytes came, 15 bytes passed on",
        "    latency (late) struck",
    ]
    assert shown[-1] == "    upstream\\x1b refused"
    assert len(wire_detail(record, 3)) == 3
