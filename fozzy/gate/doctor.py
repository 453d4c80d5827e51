"""`doctor`: what is around, what is kept, whether scenarios can run; with `--deep`, whether they are deterministic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fozzy.config import Config
from fozzy.engine.discover import Chosen, Found
from fozzy.engine.prepare import Options
from fozzy.engine.suite import refuse_code
from fozzy.gate.checked import Checked, Step, guarded, judged, skipped
from fozzy.gate.checks import surroundings
from fozzy.gate.checks.determinism import NAME, RUNS, Audit, audited_name, determinism
from fozzy.gate.checks.scenarios import can_run, is_distributed, scenarios
from fozzy.gate.checks.store import store
from fozzy.gate.checks.undeclared import undeclared

DRIFT, COMMUTING = "drift", "commuting"


class Visit(NamedTuple):
    """What the doctor looks at."""

    config: Config
    found: Found | None  # none when the project has no scenarios at all
    options: Options
    seed: int
    deep: bool = False
    runs: int = RUNS


def doctor(visit: Visit) -> Iterator[Checked]:
    """Every check, one after the other. *Errors*: none of ours; what is wrong is what they found."""
    yield surroundings.python()
    yield surroundings.configuration(visit.config)
    yield _scenarios(visit)
    yield from store(visit.config)
    runnable = can_run(visit.found.chosen if visit.found else [])
    yield guarded(Step("undeclared", lambda: undeclared(runnable, visit.options)))
    for step in (surroundings.terminal, surroundings.hash_seed, surroundings.git, surroundings.optional):
        yield step()
    if not visit.deep:
        yield skipped(NAME, "fozzy doctor --deep runs every scenario several times")
        return
    yield from _deep(visit)


def _scenarios(visit: Visit) -> Checked:
    folder = visit.config.settings.scenarios
    if visit.found is None:
        return skipped("scenarios", f"there is no folder {folder}: fozzy init writes a first scenario")
    return scenarios(visit.found)


def _deep(visit: Visit) -> Iterator[Checked]:
    runnable = can_run(visit.found.chosen if visit.found else [])
    refused = refuse_code(runnable, visit.options, visit.config.root)
    if refused:
        yield judged(NAME, "nothing", refused)
        for name in (DRIFT, COMMUTING) if any(map(is_distributed, runnable)) else ():
            yield skipped(name, "a scenario calls user code and may not: --allow-code")
        return
    config = visit.config
    audit = Audit(runnable, visit.options, config.root, config.base_dir(), visit.seed, visit.runs)
    checked = guarded(Step(NAME, lambda: determinism(audit)))
    yield checked
    if any(map(is_distributed, runnable)):
        yield from _clusters(visit, runnable, checked)


def _clusters(visit: Visit, runnable: Sequence[Chosen], checked: Checked) -> Iterator[Checked]:
    from fozzy.gate.checks.commuting import commuting  # they need the simulator
    from fozzy.gate.checks.drift import Clusters, drift

    differing = {each.scenario for each in checked.parted}  # what differs anyhow tells nothing more
    sound = [each for each in runnable if audited_name(each) not in differing]
    clusters = Clusters(sound, visit.options, visit.config.root, visit.seed)
    yield guarded(Step(DRIFT, lambda: drift(clusters)))
    yield guarded(Step(COMMUTING, lambda: commuting(clusters)))
