"""The zoo itself: every animal fails as it should, and its smallest answer can be reached and is the smallest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.zoo import naive
from tests.zoo.animal import Animal, Json, Least, all_steps, bodies, kv, never, scenario
from tests.zoo.animals import ANIMALS
from tests.zoo.runs import Outcome, count, failing_step, run, run_smallest
from tests.zoo.table import Reached, Row, is_least, is_same, reached, render, rows

if TYPE_CHECKING:
    from tests.conftest import Fz

each_animal = pytest.mark.parametrize("animal", ANIMALS, ids=lambda animal: animal.name)
BY_NAME = {animal.name: animal for animal in ANIMALS}


def test_the_zoo_is_large_enough() -> None:
    """There are at least 36 animals, eight of which tempt, each with a name of its own and a reason."""
    assert len(ANIMALS) >= 36
    assert len(BY_NAME) == len(ANIMALS)
    assert sum(animal.tempts for animal in ANIMALS) >= 8
    assert all(animal.why.endswith(".") for animal in ANIMALS)


@each_animal
def test_it_fails_and_always_alike(animal: Animal) -> None:
    """Under its seed an animal is valid and fails, and a second run says the same, record for record."""
    first = run(animal)
    assert first.status in ("fail", "timeout", "crash")
    assert first.found[0].status == first.status
    assert run(animal) == first


@each_animal
def test_it_fails_under_fozzy_run(animal: Animal, fz: Fz) -> None:
    """`fozzy run` with the seed of an animal reports the finding that the zoo sees in memory."""
    for name, text in {"zoo.fozzy.json": json.dumps(animal.scenario), **animal.files}.items():
        Path(name).write_text(text, encoding="utf-8")
    case = ["--case", " ".join(f"{name}={value}" for name, value in animal.case.items())] if animal.case else []
    leak = [] if animal.leak_bytes_max is None else ["--leak-budget", animal.leak_bytes_max]
    ran = fz("run", "zoo.fozzy.json", "--det", "--json", "--seed", animal.seed, *case, *leak)
    finding = ran.document()["findings"][0]
    recorded = run(animal).found[0]
    assert (finding["kind"], finding["title"]) == (recorded.finding, recorded.title)


@each_animal
def test_the_smallest_answer_is_the_same_failure(animal: Animal) -> None:
    """The answer known by hand fails as the animal does, at the same step, and is as small as it says."""
    whole, small = run(animal), run_smallest(animal)
    assert small.alike() == whole.alike()
    assert small.status == whole.status
    assert is_same(animal, claim(animal))
    least, raw = animal.least, animal.smallest
    assert (count(raw), small.nonzero_choices(), count(raw, "fault")) == (
        least.steps,
        least.nonzero_choices,
        least.faults,
    )
    assert is_least(animal, claim(animal))


@each_animal
def test_nothing_is_least_before_it_is_shrunk(animal: Animal) -> None:
    """An animal as it was planted has far more steps than its smallest answer."""
    assert count(animal.scenario) >= animal.least.steps + 8


@each_animal
def test_nothing_can_be_taken_from_the_smallest(animal: Animal) -> None:
    """With a step dropped or a block unwrapped, the smallest answer no longer fails in the same way."""
    wanted, step = run_smallest(animal).alike(), at_step(animal, animal.smallest, run_smallest(animal))
    for raw in smaller(animal.smallest):
        for outcome in (run_smallest(animal, raw), run(animal, raw)):
            fails = outcome.status not in ("invalid", "pass")
            assert not fails or outcome.alike() != wanted or at_step(animal, raw, outcome) != step, raw


def test_the_smallest_answers_were_looked_at() -> None:
    """The test before this one has something to take away from nearly every answer."""
    assert sum(1 for animal in ANIMALS for _ in smaller(animal.smallest)) > 3 * len(ANIMALS)


def test_naive_finds_a_needle() -> None:
    """The usual approach finds what is its own: one step of many, and no step too few."""
    end = never("k", "1")
    steps = [kv("k", 1) if index == 21 else kv(f"n{index}", index) for index in range(40)]
    animal = Animal("plain", "One of forty.", scenario([*steps, end]), Least(2), scenario([kv("k", 1), end]))
    came = naive.shrink(animal)
    assert came.scenario["steps"] == [kv("k", 1), end]
    assert is_same(animal, came)
    assert came.runs < 41 * 3


@pytest.mark.parametrize("name", ["needle-1000", "two-in-order", "earlier-assertion", "idle-fault", "beside-a-leak"])
def test_naive_is_tempted(name: str) -> None:
    """Where only the status is compared, what is left is another failure, and the table sees it."""
    animal = BY_NAME[name]
    came = naive.shrink(animal)
    assert not is_same(animal, came)
    assert not reached(Row(animal, came, came))


def test_the_table_tells_who_reached_what() -> None:
    """A shrinker that knows the answers reaches all; one that changes nothing reaches none; both are shown so."""
    few = [BY_NAME[name] for name in ("matrix", "number", "leak", "within", "one-switch")]
    knows, lazy = rows(claim, few), rows(unchanged, few)
    assert all(map(reached, knows)) and not any(map(reached, lazy))
    assert all(is_same(row.animal, row.reached) for row in lazy)
    assert "reached: 5 of 5" in render(knows)
    assert "reached: 0 of 5" in render(lazy)
    assert all(animal.name in render(lazy) for animal in few)


def test_a_strayed_failure_is_not_reached() -> None:
    """A result as small as wanted counts for nothing when its failure is another, by title, field or step."""
    animal = BY_NAME["same-step-elsewhere"]
    raw = scenario([kv("k", 0), {"type": "get_kv_assert", "key": "k", "equals": 3}])
    elsewhere = Reached(2, 0, 0, raw, "get_kv_assert", 1, 0.0, "steps[1]")
    assert is_least(animal, elsewhere)
    assert not reached(Row(animal, elsewhere, elsewhere))
    assert not reached(Row(animal, claim(animal)._replace(finding_title="unknown_name"), elsewhere))
    assert not reached(Row(animal, claim(animal)._replace(field="key"), elsewhere))
    assert reached(Row(animal, claim(animal), elsewhere))


def claim(animal: Animal) -> Reached:
    """A shrinker that knows the answer."""
    return _as_reached(animal, animal.smallest, run_smallest(animal))


def unchanged(animal: Animal) -> Reached:
    """A shrinker that does nothing."""
    return _as_reached(animal, animal.scenario, run(animal))


def _as_reached(animal: Animal, raw: Json, outcome: Outcome) -> Reached:
    found = outcome.found[0]
    counts = (count(raw), outcome.nonzero_choices(), count(raw, "fault"))
    return Reached(*counts, raw, found.title, 1, 0.0, found.at, found.field)


def at_step(animal: Animal, raw: Json, outcome: Outcome) -> Json | None:
    """The step that fails."""
    return failing_step(animal, raw, outcome.found[0].at) if outcome.found else None


def smaller(raw: Json) -> Iterator[Json]:
    """The scenario with each of its steps dropped, and with each of its blocks replaced by what it holds."""
    for index in range(count(raw)):
        for keep in (False, True):
            copy = json.loads(json.dumps(raw))
            step = list(all_steps(copy))[index]
            held = [inner for body in bodies(step) for inner in body]
            if keep and not held:
                continue
            at = next(body for body in _lists(copy) if any(each is step for each in body))
            place = next(place for place, each in enumerate(at) if each is step)
            at[place : place + 1] = held if keep else []
            yield copy


def _lists(raw: Json) -> Iterator[list[Json]]:
    yield from (raw[part] for part in ("setup", "steps", "teardown") if part in raw)
    for step in all_steps(raw):
        yield from bodies(step)
