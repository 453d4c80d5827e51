"""The usual approach, to compare with: delta debugging over the top-level steps, the seed kept, the status compared.

Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002: remove ranges of the
list, halved whenever none can go, until no single step can. It knows neither draws, blocks nor values, and takes any
run with the same status for the same failure.
"""

from __future__ import annotations

import time

from tests.zoo.animal import Animal, Json
from tests.zoo.runs import count, run
from tests.zoo.table import Reached


def shrink(animal: Animal) -> Reached:
    """Remove top-level steps as long as the status stays. *Limits*: about n² runs for n steps."""
    began = time.perf_counter()
    wanted = run(animal).status
    steps, runs, size = list(animal.scenario["steps"]), 1, len(animal.scenario["steps"])
    while size:
        at, removed = 0, False
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            runs += 1
            if run(animal, _with(animal, fewer)).status == wanted:
                steps, removed = fewer, True
            else:
                at += size
        size = size if removed and size == 1 else min(size // 2, len(steps))
    seconds = time.perf_counter() - began
    return _reached(animal, _with(animal, steps), runs, seconds)


def _with(animal: Animal, steps: list[Json]) -> Json:
    return {**animal.scenario, "steps": steps}


def _reached(animal: Animal, raw: Json, runs: int, seconds: float) -> Reached:
    outcome = run(animal, raw)
    found = outcome.found[0]
    counts = (count(raw), outcome.nonzero_choices(), count(raw, "fault"))
    return Reached(*counts, raw, found.title, runs, seconds, found.at, found.field)
