"""Our shrinker on an animal of the zoo, in memory."""

from __future__ import annotations

import json
import time

from fozzy.core.sources import Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.code import Allowance
from fozzy.engine.prepare import Options, header_of
from fozzy.search.failing import folded, steps_inside
from fozzy.search.scenario import Origin, ScenarioSubject
from fozzy.search.script import script_of
from fozzy.search.shrink.gate import faults_in
from fozzy.search.shrink.shrinker import Shrunk
from fozzy.search.shrink.shrinker import shrink as shrink_run
from fozzy.search.subject import Candidate
from tests.zoo.animal import Animal
from tests.zoo.runs import NOWHERE, fetch
from tests.zoo.table import Reached

BUDGET_NS = 60 * 10**9  # far above what any animal needs, so that only the shrinker decides


def shrink(animal: Animal) -> Reached:
    """What our shrinker reaches."""
    done, began = shrunk(animal)
    finding = _finding(done)
    return Reached(
        steps=sum(1 for _ in done.best.script.nodes()),
        nonzero_choices=len(done.best.tape.loud),
        faults=faults_in(done.best.script),
        scenario=dict(done.best.script.raw),
        finding_title=done.failure.title,
        runs=done.tried,
        seconds=time.perf_counter() - began,
        at=finding,
        field=done.failure.field,
    )


def shrunk(animal: Animal) -> tuple[Shrunk, float]:
    """An animal shrunk, and when that began."""
    text = json.dumps(animal.scenario)
    loaded = parse(document(text.encode(), "zoo.fozzy.json", "zoo.fozzy.json", "json"), fetch(animal.files))
    header, redactor = header_of(
        loaded, Options(det=True, leak_bytes_max=animal.leak_bytes_max), animal.seed, "run", animal.case
    )
    subject = ScenarioSubject(Origin(header, redactor, loaded.document, loaded.included, Allowance(root=NOWHERE)))
    script = folded(script_of(animal.scenario, steps_inside(loaded)), animal.case)
    outcome, tape = subject.run_with(script, Seeded(animal.seed))
    assert outcome.failure is not None, animal.name
    began = time.perf_counter()
    return shrink_run(subject, Candidate(script, tape), outcome.failure, budget_ns=BUDGET_NS), began


def _finding(done: Shrunk) -> str:
    """Where the failing step stands now; it may stand in a file that is included."""
    failed = done.failure.at
    inside = {at: origin for at, origin in done.best.script.origins.items() if f"{failed}.".startswith(f"{origin}.")}
    at = max(inside, key=lambda each: len(inside[each]), default="")
    return at + failed[len(inside[at]) :] if at else failed


def main() -> None:
    """Print the tables."""
    from tests.zoo import herd
    from tests.zoo.table import render, rows

    print(render(rows(shrink)))
    print()
    print(herd.table())


if __name__ == "__main__":
    main()
