"""Our shrinker on the clusters of the zoo, in memory."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

from fozzy.core.choice import Source
from fozzy.core.events import Draw
from fozzy.core.sources import Mutated, Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.code import Allowance
from fozzy.engine.prepare import Options, header_of
from fozzy.search.scenario import Origin, ScenarioSubject
from fozzy.search.script import script_of
from fozzy.search.shrink.gate import Size, faults_in, size_of
from fozzy.search.shrink.shrinker import Shrunk
from fozzy.search.shrink.shrinker import shrink as shrink_run
from fozzy.search.subject import Candidate, Outcome, Tape
from tests.zoo.clusters import CLUSTERS, Cluster

BUDGET_NS = 60 * 10**9
HERE = Path(__file__).parent


class Came(NamedTuple):
    """What became of a cluster."""

    size: Size
    faults: int
    raw: dict[str, Any]
    done: Shrunk
    seconds: float


def subject_of(raw: dict[str, Any], seed: int) -> ScenarioSubject:
    """Who runs candidates of a scenario; it is closed by the caller."""
    loaded = parse(document(json.dumps(raw).encode(), "zoo.fozzy.json", "zoo.fozzy.json", "json"))
    header, redactor = header_of(loaded, Options(), seed, "run")
    origin = Origin(header, redactor, loaded.document, loaded.included, Allowance(True, HERE))
    return ScenarioSubject(origin, 50_000)


def run(raw: dict[str, Any], source: Source) -> tuple[Outcome, Tape]:
    """Run a scenario once."""
    subject = subject_of(raw, 1)
    try:
        return subject.run_with(script_of(raw), source)
    finally:
        subject.close()


def run_smallest(animal: Cluster) -> tuple[Outcome, Tape]:
    """Run the answer that is known by hand."""
    draws = [Draw(0, "", label, 0, value, value) for label, values in animal.tape.items() for value in values]
    return run(animal.smallest, Mutated(draws))


def shrink(animal: Cluster) -> Came:
    """What our shrinker reaches."""
    subject = subject_of(animal.scenario, animal.seed)
    try:
        script = script_of(animal.scenario)
        outcome, tape = subject.run_with(script, Seeded(animal.seed))
        assert outcome.failure is not None, animal.name
        began = time.perf_counter()
        first = Candidate(script, tape, outcome.windows)
        done = shrink_run(subject, first, outcome.failure, budget_ns=BUDGET_NS)
    finally:
        subject.close()
    best = done.best
    return Came(size_of(best), faults_in(best.script), dict(best.script.raw), done, time.perf_counter() - began)


def is_least(animal: Cluster, came: Came) -> bool:
    """Whether nothing is larger than in the answer known by hand."""
    least, size = animal.least, came.size
    now = (size.nodes, size.steps, came.faults, size.loud)
    known = (least.nodes, least.steps, least.faults, least.loud)
    return all(a <= b for a, b in zip(now, known, strict=True)) and least.holds(came.raw)


def row(animal: Cluster, came: Came) -> str:
    """A line of the table."""
    size, least = came.size, animal.least
    now = f"{size.nodes}/{least.nodes} {size.steps}/{least.steps} {came.faults}/{least.faults} {size.loud}/{least.loud}"
    mark = "yes" if is_least(animal, came) else "NO"
    return f"{animal.name:<24} {now:<22} {came.done.tried:>6} {came.seconds:>7.2f}s  {mark}"


def table() -> str:
    """What is reached of every cluster: nodes, steps, faults, choices that are not boring, each of what is known."""
    head = f"{'cluster':<24} {'reached/known':<22} {'runs':>6} {'time':>8}  least"
    return "\n".join([head, *(row(animal, shrink(animal)) for animal in CLUSTERS)])


if __name__ == "__main__":
    print(table())
