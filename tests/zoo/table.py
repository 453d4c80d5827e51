"""The table of the zoo: what a shrinker reaches of what is known by hand, beside the usual approach.

`rows(shrink)` shrinks every animal; `reached(row)` says whether the smallest answer was reached or passed under;
`render(rows)` is the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import NamedTuple

from tests.zoo.animal import Animal, Json
from tests.zoo.runs import failing_step, run


class Reached(NamedTuple):
    """What a shrinker came to, in how many runs and seconds.

    `at` is the path of the finding in `scenario`, `field` its field; where they are given, they are compared.
    """

    steps: int
    nonzero_choices: int
    faults: int
    scenario: Json
    finding_title: str
    runs: int
    seconds: float
    at: str = ""
    field: str | None = None


class Row(NamedTuple):
    """An animal, what became of it, and what the usual approach makes of it."""

    animal: Animal
    reached: Reached
    naive: Reached


Shrink = Callable[[Animal], Reached]


def rows(shrink: Shrink, animals: Iterable[Animal] | None = None) -> list[Row]:
    """Shrink every animal, or some."""
    from tests.zoo import naive
    from tests.zoo.animals import ANIMALS

    return [Row(animal, shrink(animal), naive.shrink(animal)) for animal in (ANIMALS if animals is None else animals)]


def reached(row: Row) -> bool:
    """Whether the same failure is left and nothing of it is larger than the smallest answer known by hand."""
    return is_same(row.animal, row.reached) and is_least(row.animal, row.reached)


def is_least(animal: Animal, one: Reached) -> bool:
    """Whether nothing is larger than in the smallest answer."""
    least = animal.least
    counts = (one.steps, one.nonzero_choices, one.faults)
    wanted = (least.steps, least.nonzero_choices, least.faults)
    is_small = all(count <= most for count, most in zip(counts, wanted, strict=True))
    return is_small and (least.holds is None or least.holds(one.scenario))


def is_same(animal: Animal, one: Reached) -> bool:
    """Whether what is left fails with the same title, and at the same field and step where they are given.

    The step is known by what it says, since its path has changed; what a block holds is left out of that.
    """
    recorded = run(animal).found[0]
    if one.finding_title != recorded.title or one.field not in (None, recorded.field):
        return False
    return not one.at or failing_step(animal, one.scenario, one.at) == failing_step(
        animal, animal.scenario, recorded.at
    )


def render(table: list[Row]) -> str:
    """The table as plain text. Numbers are steps/choices/faults."""
    head = ["animal", "least", "reached", "runs", "ms", "at least", "naive", "runs", "ms", "same failure"]
    body = [_cells(row) for row in table]
    widths = [max(len(cells[index]) for cells in [head, *body]) for index in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) for cells in [head, *body]]
    return "\n".join([*(line.rstrip() for line in lines), "", *_sums(table)])


def _cells(row: Row) -> list[str]:
    animal, one, other = row
    least = animal.least
    return [
        animal.name + (" *" if animal.tempts else ""),
        f"{least.steps}/{least.nonzero_choices}/{least.faults}",
        _counts(one),
        str(one.runs),
        f"{one.seconds * 1000:.0f}",
        "yes" if reached(row) else "no" if is_same(animal, one) else "ANOTHER FAILURE",
        _counts(other),
        str(other.runs),
        f"{other.seconds * 1000:.0f}",
        "yes" if is_same(animal, other) else "no",
    ]


def _counts(one: Reached) -> str:
    return f"{one.steps}/{one.nonzero_choices}/{one.faults}"


def _sums(table: list[Row]) -> list[str]:
    if not table:
        return []
    good = sum(reached(row) for row in table)
    other = sum(is_least(row.animal, row.naive) and is_same(row.animal, row.naive) for row in table)
    strayed = sum(not is_same(row.animal, row.naive) for row in table)
    return [
        "steps/choices/faults; * tempts a careless shrinker into another failure",
        f"reached: {good} of {len(table)}, median {median(row.reached.seconds for row in table) * 1000:.0f} ms",
        f"naive: {other} of {len(table)}, median {median(row.naive.seconds for row in table) * 1000:.0f} ms, "
        f"{strayed} ended with another failure",
    ]
