"""Begins an execution of a cluster where it belongs: here when only builtin programs run, else beside the user's code."""

from __future__ import annotations

from fozzy.core.choice import Choices, Source
from fozzy.core.clock import Clock
from fozzy.core.log import Log
from fozzy.engine.cluster.execute import execute_cluster
from fozzy.engine.cluster.run import ClusterPlan
from fozzy.engine.prepare import Ready
from fozzy.engine.run import Ended


def start_cluster(run: Ready, source: Source, log: Log, ended: Ended | None = None) -> Ended:
    """Execute a cluster once; everything it says goes into `log`. *Errors*: whatever the log or a source raises."""
    assert isinstance(run.plan, ClusterPlan)
    ended = Ended() if ended is None else ended
    if run.setting.project is not None:
        from fozzy.engine.cluster.hosted import execute_hosted

        execute_hosted(run, source, log, ended)
        return ended
    choices = Choices(source, Clock(), log, run.redactor, run.setting.limits.call_ms_max * 10**6)
    execute_cluster(run.plan, choices, ended)
    return ended
