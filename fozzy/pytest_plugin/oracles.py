"""The oracles of one test, over what its proxies saw: `chaos.assert_at_most_once("INCR orders")`.

Rule 1: records, open connections and the time are taken in one step of the proxies' loop, so they are of one moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.insight.verdict.model import Fired
from fozzy.insight.verdict.oracles import Oracles, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from fozzy.chaos.tcp.hosted import Hosted
    from fozzy.chaos.tcp.parts import TcpRunning
    from fozzy.core.events import Record
    from fozzy.faults.tcp.armed import Tally


def oracles_of(hosted: Callable[[], Hosted | None]) -> Oracles:
    """Oracles over the proxies of a test; without any they find that nothing happened."""

    def look() -> Seen:
        now = hosted()
        if now is None:
            return Seen((), 0)
        if not now.is_running:
            records = now.records()
            return Seen(records, max((record.t for record in records), default=0))
        return now.look(lambda run: seen_of(run, now.told))

    return Oracles(look)


def seen_of(run: TcpRunning, records: list[Record]) -> Seen:
    """What proxies that run have seen; asked in their loop."""
    engine = run.session.engine
    points = engine.points.values()
    return Seen(
        records,
        run.session.now_ns(),
        engine.number,
        {point.proxy.name: point.proxy.protocol for point in points},
        [link.as_it_is() for point in points for link in point.links],
        [_fired(tally) for tally in engine.tallies() if tally.applied],
    )


def _fired(tally: Tally) -> Fired:
    return Fired(at=tally.proxy, fault=tally.place.partition("/")[2], type=tally.type, times=tally.applied)
