"""Executes a distributed scenario once: starts the cluster, runs the steps, lets it settle, judges what must hold."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from blake3 import blake3

from fozzy.core.brief import shorten
from fozzy.core.choice import Choices
from fozzy.core.events import Step
from fozzy.core.outcome import StepFailed
from fozzy.core.redact import REDACTED, Redactor
from fozzy.dsl.cluster.file import DistributedFile
from fozzy.dsl.cluster.settings import settings_of, workload_names
from fozzy.engine.cluster.acts import ACTS
from fozzy.engine.cluster.invariants import JUDGES, Judge
from fozzy.engine.cluster.run import BoundStep, ClusterPlan, ClusterRun
from fozzy.engine.run import Ended, note_failure
from fozzy.sim.cluster import Cluster, Fence
from fozzy.sim.faults import Faults
from fozzy.sim.user import NO_CODE, UserCode

HASH_BYTES = 8
_encode = msgspec.json.Encoder(order="deterministic").encode


def bind_cluster(file: DistributedFile, redactor: Redactor, duration_ns: int | None = None) -> ClusterPlan:
    """A distributed scenario ready to run; it ends at `duration_ns` at the latest, where that is given."""
    steps = tuple(
        BoundStep(f"distributed.steps[{index}]", str(step.__struct_config__.tag), _hash(step, redactor), step)
        for index, step in enumerate(file.distributed.steps or ())
    )
    setting = settings_of(file)
    if duration_ns is not None:
        setting = msgspec.structs.replace(setting, duration_ns=duration_ns)
    return ClusterPlan(file, setting, steps, workload_names(file.distributed))


def _hash(step: msgspec.Struct, redactor: Redactor) -> str:
    written = _encode(step)
    if REDACTED.encode() in written or redactor.text(text := written.decode()) != text:
        return ""
    return blake3(written).hexdigest(length=HASH_BYTES)


def execute_cluster(
    plan: ClusterPlan,
    choices: Choices,
    ended: Ended,
    user: UserCode = NO_CODE,
    began: Callable[[Cluster], None] | None = None,
) -> None:
    """Execute once; `ended` holds what it came to, also when a source raises. `began` is told the cluster before it starts."""
    choices.span = "distributed"
    cluster = Cluster(plan.setting, choices, user, plan.turned)
    if began is not None:
        began(cluster)
    run = ClusterRun(plan, cluster)
    try:
        for index, fault in _perform(plan, run).idle():
            when = f"{fault.at.low / 1e9:g}s"
            said = f"fault {fault.name} never struck: it was to strike at {when}, and everything had ended before"
            never = StepFailed("fault_never_rolled", said, "checker", "fail" if plan.is_strict else "pass")
            never.at = f"distributed.faults[{index}]"
            note_failure(choices, ended, never)
    except StepFailed as failure:
        failure.at = failure.at or "distributed"  # not where somebody happened to run last
        failure.message = shorten(choices.redactor.clean(failure.message))
        note_failure(choices, ended, failure)
    except Fence:  # it struck between two handles, where no program could take it
        note_failure(choices, ended, cluster.found[0])
    finally:
        cluster.close()
        choices.log.flush()
        ended.now_ns = choices.clock.now


def _perform(plan: ClusterPlan, run: ClusterRun) -> Faults:
    """*Errors*: `StepFailed` for what does not hold."""
    cluster = run.cluster
    cluster.drives = bool(plan.steps)
    faults = Faults(cluster, plan.setting.faults)
    judges = [
        JUDGES[type(each)](each, run, f"distributed.invariants[{index}]")
        for index, each in enumerate(plan.file.distributed.invariants)
    ]
    if judges:
        cluster.kernel.watchers.append(lambda: _watch(judges, cluster))
    cluster.start()
    for index, bound in enumerate(plan.steps):
        run.step = index
        faults.before_step(index)
        _step(bound, run)
    faults.before_step(len(plan.steps))
    cluster.kernel.choices.span = "distributed"
    cluster.settle()
    cluster.kernel.watchers.clear()
    for judge in judges:
        judge.end()
    cluster.look_for_forgotten()
    return faults


def _watch(judges: list[Judge], cluster: Cluster) -> None:
    """Before time moves: what must hold all the time, and what must when nothing is on its way."""
    try:
        for judge in judges:
            judge.instant()
            if not cluster.kernel.in_flight:
                judge.quiet()
    except StepFailed as failure:
        cluster.find(failure)


def _step(bound: BoundStep, run: ClusterRun) -> None:
    choices = run.cluster.kernel.choices
    choices.span = bound.at
    start = choices.clock.now
    try:
        note = ACTS[type(bound.step)](bound.step, run)
    except StepFailed as failure:
        if failure.at == "":
            failure.at, failure.title = bound.at, failure.title or bound.type
        failure.message = shorten(choices.redactor.clean(failure.message))
        now = choices.clock.now
        said = f"{failure.title}: {failure.message}"
        choices.log.append(Step(now, bound.at, bound.type, bound.hash, now - start, failed=said))
        raise
    now = choices.clock.now
    choices.log.append(Step(now, bound.at, bound.type, bound.hash, now - start, shorten(choices.redactor.clean(note))))
