"""Runs a scenario of the zoo once, in memory, and counts what it is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from fozzy.core.choice import A, Source
from fozzy.core.events import Draw, Found, Record
from fozzy.core.log import Log
from fozzy.core.sources import Seeded
from fozzy.dsl.document import Fetch
from fozzy.dsl.load import document, parse
from fozzy.engine.place import steps_path
from fozzy.engine.prepare import Options, header_of, ready, start
from fozzy.errors import InputError
from tests.zoo.animal import Animal, Json, all_steps

BODIES = ("steps", "then", "else", "branches")
NOWHERE = Path("/nonexistent/fozzy")  # nothing here touches the disk


class Outcome(NamedTuple):
    """What a run came to. `status` is `invalid` when the scenario could not be run at all."""

    status: str
    found: list[Found]
    records: list[Record]

    def alike(self) -> tuple[str, str, str]:
        """What makes a failure the same one, apart from its place: kind, title and field."""
        first = self.found[0] if self.found else Found(0, "", "", "", "")
        return first.finding, first.title, first.field

    def nonzero_choices(self) -> int:
        """How many draws are not the boring one of their range."""
        drawn = [record for record in self.records if isinstance(record, Draw)]
        return sum(draw.value != boring(draw.low, draw.high) for draw in drawn)


class Scripted:
    """A source that answers from lists by label, and boringly past their end."""

    def __init__(self, tape: dict[str, list[int]]) -> None:
        self._tape = {label: list(values) for label, values in tape.items()}

    def draw(self, label: str, low: int, high: int) -> int:
        """The next of the list, kept within the range."""
        left = self._tape.get(label)
        return min(max(left.pop(0), low), high) if left else boring(low, high)

    def ask(self, label: str, request: Any, live: Callable[[], tuple[A, int]], answer: type[A]) -> tuple[A, int]:
        """The zoo never asks."""
        raise AssertionError(f"{label} asks the world")


def boring(low: int, high: int) -> int:
    """The number of a range that is nearest to nothing."""
    return min(max(0, low), high)


def run(animal: Animal, raw: Json | None = None, source: Source | None = None) -> Outcome:
    """Run an animal, or another scenario in its place, with its seed or another source."""
    text = json.dumps(animal.scenario if raw is None else raw)
    try:
        loaded = parse(document(text.encode(), "zoo.fozzy.json", "zoo.fozzy.json", "json"), fetch(animal.files))
    except InputError:
        return Outcome("invalid", [], [])
    options = Options(det=True, leak_bytes_max=animal.leak_bytes_max)
    case = animal.case if "matrix" in json.loads(text) else {}
    header, redactor = header_of(loaded, options, animal.seed, "run", case)
    records: list[Record] = []
    prepared = ready(header, loaded, redactor, NOWHERE)
    ended = start(prepared, source or Seeded(animal.seed), Log([records.extend]))
    return Outcome(ended.status, ended.findings, records)


def run_smallest(animal: Animal, raw: Json | None = None) -> Outcome:
    """Run the smallest answer that is known by hand, or a change of it, with its draws."""
    return run(animal, animal.smallest if raw is None else raw, Scripted(animal.tape))


def count(raw: Json, kind: str = "") -> int:
    """How many steps a scenario has, blocks included; only those of a type when one is given."""
    return sum(not kind or step["type"] == kind for step in all_steps(raw))


def failing_step(animal: Animal, raw: Json, at: str) -> Json | None:
    """The step at the path of a finding, without the steps it holds; none for the end of the run."""
    value: Any = raw
    for word in () if at == "end" else steps_path(at):
        if isinstance(value, dict) and value.get("type") == "include":
            value = json.loads(animal.files[value["file"]])
        value = value[word]
    return None if value is raw else {name: item for name, item in value.items() if name not in BODIES}


def fetch(files: dict[str, str]) -> Fetch:
    def fetch(word: str) -> Any:
        return parse(document(files[word].encode(), word, word, "json"))

    return fetch
