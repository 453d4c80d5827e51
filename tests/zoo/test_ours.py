"""Our shrinker in the zoo: what it reaches of what is known by hand, and that it never strays."""

from __future__ import annotations

import pytest

from tests.zoo import naive
from tests.zoo.animal import Animal
from tests.zoo.animals import ANIMALS
from tests.zoo.ours import shrink
from tests.zoo.table import Row, is_same, reached, render

NOT_REACHED: dict[str, str] = {}  # animals whose smallest answer is not reached, each with the reason


@pytest.mark.parametrize("animal", ANIMALS, ids=lambda animal: animal.name)
def test_the_smallest_answer_is_reached(animal: Animal) -> None:
    """The same failure, and nothing of it larger than the answer known by hand."""
    row = Row(animal, shrink(animal), shrink(animal))
    assert is_same(animal, row.reached), "it became another failure"
    assert reached(row) != (animal.name in NOT_REACHED), render([row])


def test_nine_of_ten_are_reached() -> None:
    """Exceptions are named and few."""
    names = {animal.name for animal in ANIMALS}
    assert set(NOT_REACHED) <= names and len(NOT_REACHED) * 10 <= len(ANIMALS)
    assert len(ANIMALS) >= 30


def test_shrinking_is_the_same_every_time() -> None:
    """Two searches of one animal try and reach the same."""
    animal = next(each for each in ANIMALS if each.name == "one-of-six-branches")
    first, second = shrink(animal), shrink(animal)
    assert (first.scenario, first.runs) == (second.scenario, second.runs)


def test_the_usual_approach_strays_where_ours_does_not() -> None:
    """Removing ranges of steps under the same status ends with another failure for many of those that tempt."""
    tempting = [animal for animal in ANIMALS if animal.tempts]
    strayed = [animal.name for animal in tempting if not is_same(animal, naive.shrink(animal))]
    assert len(strayed) >= len(tempting) // 3
