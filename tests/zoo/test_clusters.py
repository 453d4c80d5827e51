"""The clusters of the zoo: each fails as it should, its smallest answer is known, and our shrinker reaches it."""

from __future__ import annotations

import pytest

from fozzy.core.sources import Seeded
from fozzy.search.script import Uncuttable, script_of
from fozzy.search.shrink.passes.nodes import without_nodes
from fozzy.search.subject import Candidate, Failure
from tests.zoo.clusters import CLUSTERS, Cluster
from tests.zoo.herd import is_least, row, run, run_smallest, shrink, subject_of

each_cluster = pytest.mark.parametrize("animal", CLUSTERS, ids=lambda animal: animal.name)
STRAYING_MIN = 4  # clusters that the careless shrinker below gets wrong


def told(failure: Failure | None) -> tuple[object, ...]:
    """What makes a failure the same one, apart from where its step stood."""
    assert failure is not None
    place = failure.at if failure.at.startswith("distributed.nodes") else failure.at.partition("[")[0]
    return failure.kind, failure.title, failure.field, failure.cause, place


def test_there_are_enough() -> None:
    """At least eight, each with a name of its own and a reason."""
    assert len({animal.name for animal in CLUSTERS}) == len(CLUSTERS) >= 8
    assert all(animal.why.endswith(".") for animal in CLUSTERS)


@each_cluster
def test_the_answer_known_by_hand_is_the_same_failure(animal: Cluster) -> None:
    """And as small as it says; the scenario as it was planted is larger."""
    whole, _ = run(animal.scenario, Seeded(animal.seed))
    small, tape = run_smallest(animal)
    assert told(small.failure) == told(whole.failure)
    assert small.failure is not None and small.failure.title == animal.title
    script, first, least = script_of(animal.smallest), script_of(animal.scenario), animal.least
    faults = sum(node.is_fault for node in script.nodes())
    assert (len(script.machines), script.steps, faults, len(tape.loud)) == (
        least.nodes,
        least.steps,
        least.faults,
        least.loud,
    )
    assert least.holds(script.raw)
    assert len(first.written) > len(script.written)
    assert len(first.machines) > least.nodes


@each_cluster
def test_the_smallest_answer_is_reached(animal: Cluster) -> None:
    """The same failure, and nothing of it larger than the answer known by hand."""
    came = shrink(animal)
    assert came.done.end == "converged"
    outcome, _ = run(animal.scenario, Seeded(animal.seed))
    assert came.done.failure == outcome.failure
    assert is_least(animal, came), row(animal, came)
    assert came.done.reasons


def test_who_takes_any_failure_strays() -> None:
    """A shrinker that leaves out all it can while anything fails ends with other failures: the animals do tempt."""
    strayed = [animal.name for animal in CLUSTERS if careless(animal)]
    assert len(strayed) >= STRAYING_MIN, strayed


def careless(animal: Cluster) -> bool:
    """Leave out steps, faults, invariants and nodes one by one while anything fails; whether another failure is left."""
    subject = subject_of(animal.scenario, animal.seed)
    try:
        outcome, tape = subject.run_with(script_of(animal.scenario), Seeded(animal.seed))
        first = failure = outcome.failure
        best = Candidate(script_of(animal.scenario), tape)
        for origin in [node.origin for node in best.script.nodes()] + list(best.script.machines):
            try:
                cut = best.without((origin,)) if "[" in origin else without_nodes(best, (origin,))
            except Uncuttable:
                continue
            outcome = subject.run(cut) if cut is not None else outcome
            if cut is not None and outcome.failure is not None:
                best, failure = cut, outcome.failure
        return failure != first
    finally:
        subject.close()
