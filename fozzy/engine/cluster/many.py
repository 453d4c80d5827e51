"""Executes a distributed scenario many times without keeping anything, to see whether an execution fails."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.log import Log
from fozzy.core.sources import Seeded
from fozzy.engine.cluster.execute import execute_cluster
from fozzy.engine.cluster.hosted import Broken, Session
from fozzy.engine.cluster.run import ClusterPlan
from fozzy.engine.prepare import Ready
from fozzy.engine.run import Ended


def first_failing(run: Ready, seeds: Sequence[int]) -> int | None:
    """Which of these executions is the first that does not pass; none when all do.

    Beside user code they run in one process, so it is a candidate: one that fails there is to be executed again alone.
    """
    if run.setting.project is None:
        return next((index for index, seed in enumerate(seeds) if not _passes(run, seed)), None)
    try:
        session = Session(run)
    except Broken:
        return 0
    index = 0
    try:
        for index, seed in enumerate(seeds):
            job = msgspec.structs.replace(session.job(run, Seeded(seed)), quiet=True)
            if session.execute(job, Log()).status != "pass":
                return index
    except Broken:
        return index
    finally:
        session.close()
    return None


def _passes(run: Ready, seed: int) -> bool:
    assert isinstance(run.plan, ClusterPlan)
    ended = Ended()
    choices = Choices(Seeded(seed), Clock(), Log(), run.redactor, run.setting.limits.call_ms_max * 10**6)
    execute_cluster(run.plan, choices, ended)
    return ended.status == "pass"
