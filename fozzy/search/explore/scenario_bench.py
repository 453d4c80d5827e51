"""Explores a scenario: of steps the interleavings of its `parallel` blocks, of a cluster the orders of what happens, and
all that is drawn."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from fozzy.core.choice import Source
from fozzy.core.log import Log
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import decode
from fozzy.dsl.scenario import StepsFile
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Options, Ready, header_of, ready, start
from fozzy.engine.record import Keeping, Recorded, record
from fozzy.engine.run import Ended
from fozzy.errors import EvidenceError, UsageError
from fozzy.search.explore.execution import executed
from fozzy.search.explore.hosted_bench import HostedBench, is_hosted
from fozzy.search.explore.plan import RECORDS_MAX, Done, Failed, Order
from fozzy.search.explore.pool import carry_out
from fozzy.search.explore.watch import Watch, failed_of
from fozzy.search.failing import steps_inside
from fozzy.search.script import script_of
from fozzy.sim.schedules import Followed, Unsteady, source_of
from fozzy.trace.finalize import partial_of


class ScenarioBench:
    """Runs a scenario in this process or in forked workers, on scripted answers alone; a cluster of user programs beside
    their code."""

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
        yield from map(self._told, self._hosted.run(orders, end_ns))

    def execute(self, order: Order) -> Done:
        """One execution, in this process."""
        run = self._with_seed(order.seed)

        def execute(source: Source, log: Log, ended: Ended) -> None:
            start(run, source, log, ended=ended)

        return self._told(executed(order, self._records_max, execute))

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

    def _told(self, done: Done) -> Done:
        """With its failure, also where the scenario says it fails so: `test` holds it to that, a search looks for it."""
        return msgspec.structs.replace(done, failed=self._cleaned(done.failed))


def open_bench(
    loaded: Loaded,
    options: Options,
    seed: int,
    case: Mapping[str, Any],
    allowance: Allowance,
    *,
    jobs: int = 1,
    records_max: int = RECORDS_MAX,
) -> ScenarioBench:
    """The bench for a scenario. *Errors*: `InputError`, `NotAllowedError`; `UsageError` when it asks the
    host."""
    header, redactor = header_of(loaded, options, seed, "explore", case)
    _refuse_host(loaded, header.backends)
    run = with_code(ready(header, loaded, redactor, allowance.root, case), loaded, allowance)
    if isinstance(loaded.file, StepsFile):
        places = list(script_of(decode(loaded.document), steps_inside(loaded)).origins)
    else:
        places = _places_of(run.plan)
    return ScenarioBench(run, places, jobs=jobs, records_max=records_max)


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
