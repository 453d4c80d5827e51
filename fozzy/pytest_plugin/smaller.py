"""The smallest failing case of a test in the simulator, as a trace that replays alone."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fozzy.engine.code import Allowance
from fozzy.engine.fresh import check_replays
from fozzy.engine.record import Keeping
from fozzy.pytest_plugin.engine_run import Runs
from fozzy.search.failing import open_failing
from fozzy.search.shrink.gate import size_of
from fozzy.search.shrink.regression import folder_for
from fozzy.search.shrink.result import record_best
from fozzy.search.shrink.shrinker import shrink

BUDGET_NS = 5 * 10**9  # of wall time, for each failing test
CODE = ("--allow-code",)


class Smaller(NamedTuple):
    """Where it is, and how large. *Units*: `duration_ns` is virtual."""

    path: Path
    choices: int
    duration_ns: int


def smaller(trace: Path, runs: Runs, target: Path) -> Smaller:
    """Shrink a failing trace; the result is written to `target`, over what an earlier session left there.

    *Limits*: `BUDGET_NS`. *Errors*: `StoreError`; `EvidenceError` when it does not fail again, or not alone.
    """
    config = runs.config
    failing = open_failing(trace, config.settings.redact, Allowance(True, config.root, config.settings.proc_env))
    done = shrink(failing.subject, failing.first, failing.failure, budget_ns=BUDGET_NS)
    folder_for(target.parent)
    keep = Keeping(runs.run_id, runs.store, target, "overwrite", True, True)
    recorded = record_best(failing, done.best, keep, lambda path: check_replays(path, CODE))
    assert recorded.trace is not None
    return Smaller(recorded.trace, size_of(done.best).choices, recorded.ended.now_ns)
