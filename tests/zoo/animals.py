"""All animals of the zoo. To add one: a function in its family's module, and a call of it in that module's list."""

from __future__ import annotations

from tests.zoo.animal import Animal
from tests.zoo.boundaries import BOUNDARIES
from tests.zoo.draws import DRAWS
from tests.zoo.structure import STRUCTURE
from tests.zoo.weather import WEATHER
from tests.zoo.worlds import WORLDS

ANIMALS: list[Animal] = [*STRUCTURE, *BOUNDARIES, *DRAWS, *WEATHER, *WORLDS]
