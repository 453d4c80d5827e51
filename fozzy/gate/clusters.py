"""What the audits of clusters share: executions in one process, and where in the user's code a record comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from fozzy.core.events import Record
from fozzy.core.log import Log
from fozzy.core.sources import Seeded
from fozzy.dsl.scenario import SEED_MAX
from fozzy.engine.cluster.hosted import Broken, Session
from fozzy.engine.cluster.run import ClusterPlan
from fozzy.engine.prepare import Ready, start
from fozzy.gate.statements import Parting, Spot
from fozzy.sim.cluster import commutes
from fozzy.sim.kernel import Turned

NODES, CLIENTS = "distributed.nodes.", "distributed.clients."


def machine_of(record: Record | None) -> str:
    """The machine a record was made on; empty when on none."""
    at = getattr(record, "at", "")
    return next((at[len(each) :] for each in (NODES, CLIENTS) if at.startswith(each)), "")


def machines_of(run: Ready) -> list[str]:
    """The nodes of a cluster, none of a run of steps."""
    return [each.name for each in run.plan.setting.nodes] if isinstance(run.plan, ClusterPlan) else []


def is_commuting(run: Ready) -> bool:
    """Whether it is taken for granted that machines of it do not see which of them ran first at an instant."""
    return isinstance(run.plan, ClusterPlan) and commutes(run.plan.setting)


def records_of(run: Ready, turned: Turned | None = None) -> list[Record]:
    """Every record of one execution, its machines taken in another order where that is asked."""
    assert isinstance(run.plan, ClusterPlan)
    records: list[Record] = []
    start(run._replace(plan=run.plan._replace(turned=turned)), Seeded(run.header.seed), Log([records.extend]))
    return records


def repeated(run: Ready, between: int) -> tuple[list[Record], list[Record]] | None:
    """An execution that comes first in its process, and the same after others there; none when the process broke."""
    seed = run.header.seed
    seeds = [seed, *((seed + each) % (SEED_MAX + 1) for each in range(1, between + 1)), seed]
    told: list[list[Record]] = []
    return (told[0], told[-1]) if _in_one_process(run, seeds, told.append) else None


def _in_one_process(run: Ready, seeds: Sequence[int], tell: Callable[[list[Record]], None]) -> bool:
    try:
        session = Session(run)
    except Broken:
        return False
    try:
        for seed in seeds:
            records: list[Record] = []
            session.execute(session.job(run, Seeded(seed)), Log([records.extend]))
            tell(records)
        return True
    except Broken:
        return False
    finally:
        session.close()


def spot_of(run: Ready, seen: Parting) -> Spot:
    """Where the record was made at which two executions part. The user's line is found by executing once more."""
    record = seen.record
    if not isinstance(run.plan, ClusterPlan) or record is None:
        return Spot()
    return Spot(machine_of(record), record.t, _line_of(run, seen.number))


def _line_of(run: Ready, number: int) -> str:
    if run.setting.project is None or number < 0:
        return ""
    try:
        session = Session(run)
    except Broken:
        return ""
    try:
        job = msgspec.structs.replace(session.job(run, Seeded(run.header.seed)), pointed=number)
        return session.execute(job, Log()).at
    except Broken:
        return ""
    finally:
        session.close()
