"""Explores a scenario of steps: the interleavings of its `parallel` blocks, and all that it draws."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from fozzy.dsl.document import Loaded
from fozzy.dsl.load import decode
from fozzy.dsl.scenario import StepsFile
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Options, Ready, header_of, ready, start
from fozzy.engine.record import Keeping, Recorded, record
from fozzy.engine.run import Ended
from fozzy.errors import EvidenceError, UsageError
from fozzy.search.explore.hosted_bench import HostedBench, is_hosted
from fozzy.search.explore.plan import RECORDS_MAX, Done, Failed, Order
from fozzy.search.explore.pool import carry_out
from fozzy.search.explore.watch import BoundedLog, CutOff, Watch, failed_of
from fozzy.search.failing import steps_inside
from fozzy.search.script import script_of
from fozzy.sim.schedules import Followed, Unsteady, source_of
from fozzy.trace.finalize import partial_of


class StepsBench:
    """Runs a scenario of steps in this process or in forked workers, on scripted answers alone."""

    def __init__(
        self, run: Ready, places: Sequence[str] = (), *, jobs: int = 1, records_max: int = RECORDS_MAX
    ) -> None:
        self.places = places
        self._run = run
        self._jobs = jobs
        self._records_max = records_max
        self._hosted = HostedBench(run, jobs, records_max) if is_hosted(run) else None

    @property
    def is_alone(self) -> bool:
        """Whether each execution has a process of its own, since programs keep state from one to the next."""
        return self._hosted is not None and self._hosted.is_alone

    def run(self, orders: Sequence[Order], end_ns: int | None) -> Generator[Done, None, None]:
        """What each came to, in their order."""
        if self._hosted is None:
            yield from carry_out(orders, self.execute, self._jobs, end_ns)
            return
        for done in self._hosted.run(orders, end_ns):
            yield msgspec.structs.replace(done, failed=self._cleaned(done.failed))

    def execute(self, order: Order) -> Done:
        """One execution."""
        watch, ended = Watch(), Ended()
        source = source_of(order.schedule, order.seed, order.path)
        is_cut, unsteady = False, ""
        try:
            start(self._with_seed(order.seed), source, BoundedLog(self._records_max, [watch]), ended=ended)
            if isinstance(source, Followed):
                source.finish()
        except CutOff:
            is_cut = True
        except Unsteady as other:
            unsteady = str(other)
        watch.end(ended.kv)
        failed = None if is_cut or unsteady else self._failed(ended)
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

    def record(self, order: Order, failed: Failed, keep: Keeping) -> Recorded:
        """Do a failing execution again and record it. *Errors*: `StoreError`; `EvidenceError` when it does not fail
        alike, and then nothing is kept."""
        watch = Watch()
        source = source_of(order.schedule, order.seed, order.path)

        def check(_trace: Path) -> None:
            if isinstance(source, Followed) and self._hosted is None:
                source.finish()
            now = self._cleaned(failed_of(watch.found))
            if now is None or msgspec.structs.replace(now, message=failed.message) != failed:
                raise _not_again(failed, now)

        try:
            return record(self._with_seed(order.seed), source, keep, sinks=[watch], check=check)
        except Unsteady as other:
            partial_of(keep.target, keep.run_id).unlink(missing_ok=True)
            raise _not_again(failed, None) from other

    def close(self) -> None:
        """End all processes."""
        if self._hosted is not None:
            self._hosted.close()

    def _with_seed(self, seed: int) -> Ready:
        run = self._run
        header = msgspec.structs.replace(run.header, seed=seed)
        return run._replace(header=header, setting=msgspec.structs.replace(run.setting, seed=seed))

    def _cleaned(self, failed: Failed | None) -> Failed | None:
        """Without what turned out to be a secret after it was found."""
        if failed is None:
            return None
        clean = self._run.redactor.text
        return msgspec.structs.replace(failed, message=clean(failed.message), cause=list(map(clean, failed.cause)))

    def _failed(self, ended: Ended) -> Failed | None:
        """Why it failed, also where the scenario says it must: `test` holds it to that, a search looks for it."""
        return self._cleaned(failed_of(ended.findings))


def open_steps(
    loaded: Loaded,
    options: Options,
    seed: int,
    case: Mapping[str, Any],
    allowance: Allowance,
    *,
    jobs: int = 1,
    records_max: int = RECORDS_MAX,
) -> StepsBench:
    """The bench for a scenario of steps. *Errors*: `InputError`, `NotAllowedError`; `UsageError` when it asks the
    host."""
    header, redactor = header_of(loaded, options, seed, "explore", case)
    _refuse_host(loaded, header.backends)
    run = with_code(ready(header, loaded, redactor, allowance.root, case), loaded, allowance)
    if isinstance(loaded.file, StepsFile):
        places = list(script_of(decode(loaded.document), steps_inside(loaded)).origins)
    else:
        places = _places_of(run.plan)
    return StepsBench(run, places, jobs=jobs, records_max=records_max)


def _places_of(plan: Any) -> list[str]:
    """What of a cluster an execution may come to: its steps, and its faults."""
    faults = [f"distributed.faults[{index}]" for index in range(len(plan.setting.faults))]
    return [*(bound.at for bound in plan.steps), *faults]


def _refuse_host(loaded: Loaded, backends: Any) -> None:
    """An execution asks nobody. *Errors*: `UsageError`."""
    asked = next((name for name in ("proc", "fs", "http") if getattr(backends, name) == "host"), None)
    if asked is not None:
        message = f"{loaded.document.shown} asks the host for {asked}, and an execution of a search asks nobody"
        hint = "script the answers: http_when, proc_when"
        raise UsageError("explore.needs_world", message, hint=hint)


def _not_again(failed: Failed, now: Failed | None) -> EvidenceError:
    came = f"{now.title} at {now.at}" if now is not None else "no failure"
    message = f"it failed with {failed.title} at {failed.at}, and when it was recorded with {came}"
    return EvidenceError("explore.not_again", message, hint="fozzy doctor --deep   looks for what is not deterministic")
