"""A portion: what it executes and finds follows from it alone, wherever it is interrupted and taken up again."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.search.fuzz.mutate import Means, mutate
from fozzy.search.fuzz.portion import Crash, Execution, Find, Portion, Result, is_strong, run_portion
from fozzy.search.fuzz.rng import Rng


class Letters:
    """Breaks on "xy"; each letter is a feature, the length a state."""

    def __init__(self) -> None:
        self.words = [b"x", b"yy"]
        self.done: list[bytes] = []

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        return mutate(data, rng, means)

    def execute(self, data: bytes) -> Result:
        self.done.append(data)
        crash = Crash(kind="panic", title="t", message="m", status="crash", cause=["xy"]) if b"xy" in data else None
        return Result({*data} | {-len(data)}, crash)


class Told(list[Any]):
    """What a portion said, and the executions it began."""

    def __init__(self) -> None:
        super().__init__()
        self.beats: list[tuple[int, bytes]] = []

    def beat(self, number: int, data: bytes) -> None:
        self.beats.append((number, data))


def portion(**more: Any) -> Portion:
    """A portion of 400 mutations of `a`."""
    return Portion(**{"name": "1.0", "seed": 3, "runs": 400, "corpus": [b"a"], **more})


def done(given: Portion, seen: set[int] | None = None) -> Told:
    """What a whole portion says."""
    told = Told()
    run_portion(given, Letters(), seen or set(), told.append, told.beat)
    return told


def test_a_portion_says_the_same_each_time() -> None:
    """Inputs, finds and crashes are those of the portion, and others for another name or seed."""
    first = done(portion())
    assert first == done(portion()) and first.beats == done(portion()).beats and len(first.beats) == 400
    assert [number for number, _ in first.beats] == list(range(400))
    assert done(portion(name="1.1")).beats != first.beats != done(portion(seed=4)).beats


def test_given_inputs_are_executed_as_they_are() -> None:
    """In their order, without a change, and no more than they."""
    told = done(portion(given=[b"b", b"a", b"b"], runs=3))
    assert told.beats == [(0, b"b"), (1, b"a"), (2, b"b")]
    assert told == [Find(0, b"b", [-1, 98]), Find(1, b"a", [97])]


def test_a_find_has_only_what_is_new_and_is_mutated_on() -> None:
    """No feature is told twice; what was known before is not told at all."""
    told = done(portion())
    finds = [each for each in told if isinstance(each, Find)]
    features = [feature for find in finds for feature in find.features]
    assert len(finds) > 20 and len(set(features)) == len(features)
    assert not {97, -1} & {
        feature for each in done(portion(), {97, -1}) if isinstance(each, Find) for feature in each.features
    }
    longest = max(len(find.data) for find in finds)
    assert longest > 8


def test_blind_portions_keep_nothing() -> None:
    """Without guidance there are crashes, and no finds."""
    told = done(portion(guided=False, corpus=[b"x"], runs=3000))
    assert told and all(isinstance(each, Crash) for each in told)


def test_a_crash_is_said_once_with_its_input_and_number() -> None:
    """The first execution that broke in this way."""
    told = done(portion(corpus=[b"x"], runs=3000))
    (crash,) = [each for each in told if isinstance(each, Crash)]
    number, data = next(beat for beat in told.beats if b"xy" in beat[1])
    assert (crash.number, crash.data, crash.print) == (number, data, ("panic", "t", "xy"))


def test_inputs_stay_within_their_length() -> None:
    """They are at most as long as the portion says, or twice what they come from, and never above the bound."""
    assert max(len(data) for _, data in done(portion(length=4, guided=False, corpus=[b"a"] * 3)).beats) == 4
    assert max(len(data) for _, data in done(portion(bytes_max=6, runs=2000)).beats) == 6


@pytest.mark.parametrize("cut", [1, 57, 399])
def test_a_portion_goes_on_in_another_process(cut: int) -> None:
    """Given what was found before, the rest is the same as without the cut."""
    whole, told = done(portion()), Told()
    Execution(portion(), Letters(), set(), told.append, told.beat).run(0, cut)
    rest = Execution(portion(), Letters(), set(), told.append, told.beat)
    for find in [each for each in told if isinstance(each, Find)]:
        rest.take(find)
    rest.run(cut, 400)
    assert told.beats == whole.beats
    assert [each for each in told if isinstance(each, Find)] == [each for each in whole if isinstance(each, Find)]


def test_skipped_executions_do_not_happen() -> None:
    """They leave the others as they are, but for what would have been found in them."""
    told, target = Told(), Letters()
    Execution(portion(guided=False), target, set(), told.append, told.beat).run(0, 50, {3, 4, 49})
    blind = done(portion(guided=False))
    assert told.beats == [beat for beat in blind.beats[:50] if beat[0] not in (3, 4, 49)] and len(target.done) == 47


def test_an_input_may_be_kept_in_another_form() -> None:
    """What a target says it really executed is what is told."""

    class Other(Letters):
        def execute(self, data: bytes) -> Result:
            return Result([*data], None, b"kept " + data)

    told = Told()
    run_portion(portion(given=[b"q"]), Other(), set(), told.append, told.beat)
    assert told == [Find(0, b"kept q", [113])]


def test_an_empty_corpus_starts_with_nothing() -> None:
    """Then the empty input is mutated."""
    assert len(done(portion(corpus=[])).beats) == 400


def test_states_alone_are_weak() -> None:
    """Numbers below zero are states."""
    assert is_strong([-1, 3]) and not is_strong([-1, -2]) and not is_strong([])
