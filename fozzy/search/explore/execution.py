"""One execution of an explorer, wherever it happens: its order becomes a source, its records what it came to."""

from __future__ import annotations

from collections.abc import Callable

from fozzy.core.choice import Source
from fozzy.core.log import Log
from fozzy.engine.run import Ended
from fozzy.search.explore.plan import Done, Order
from fozzy.search.explore.watch import BoundedLog, CutOff, Watch, failed_of
from fozzy.sim.schedules import Followed, Unsteady, source_of

Execute = Callable[[Source, Log, Ended], None]


def executed(order: Order, records_max: int, execute: Execute) -> Done:
    """What an order came to; `execute` runs the scenario once. *Limits*: it is cut at `records_max` records."""
    watch, ended = Watch(), Ended()
    source = source_of(order.schedule, order.seed, order.path)
    is_cut, unsteady = False, ""
    try:
        execute(source, BoundedLog(records_max, [watch]), ended)
        if isinstance(source, Followed):
            source.finish()
    except CutOff:
        is_cut = True
    except Unsteady as other:
        unsteady = str(other)
    watch.end(ended.kv)
    failed = None if is_cut or unsteady else failed_of(ended.findings)
    return Done(
        index=order.index,
        status="pass" if failed is None else failed.status,
        failed=failed,
        digest=watch.digest,
        choices=watch.choices,
        schedule=watch.schedule,
        states=watch.states,
        covered=list(watch.covered),
        path=source.taken if isinstance(source, Followed) else [],
        is_cut=is_cut,
        unsteady=unsteady,
    )
