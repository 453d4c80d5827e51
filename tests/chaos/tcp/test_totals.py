from __future__ import annotations

from fozzy.chaos.tcp.totals import TcpTotals
from fozzy.core.events import Event
from tests.chaos.tcp.wired import APPLIED, BYPASSED, connection, message


def test_what_counts_where() -> None:
    """Connections, messages, told or not, and changes are counted apart; a strike is applied or bypassed; bytes are what senders sent."""
    totals = TcpTotals()
    for each in (
        message(),
        message(struck=[APPLIED, BYPASSED]),
        message(struck=[BYPASSED]),
        connection(struck=[APPLIED, APPLIED]),
        connection(by="late"),
        connection(by="late"),
        Event(0, "", "chaos.change", {}),
    ):
        totals.listen(each)
    assert (totals.connections, totals.messages, totals.changes) == (3, 6, 1)
    assert (totals.struck, totals.applied, totals.bypassed) == (2, 3, 2)
    assert (totals.upstream_bytes, totals.downstream_bytes) == (30, 60)
    assert totals.ended_by == {"client": 1, "late": 2}
