from __future__ import annotations

from fozzy.cli.wire_detail import wire_below
from fozzy.core.exchange import Roll
from fozzy.report.text import plain
from tests.chaos.tcp.wired import connection, message

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
