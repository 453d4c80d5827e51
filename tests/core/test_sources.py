"""Seeded: the generator is specified bit for bit, and draws under one label know nothing of another. Mutated: a tape is
read by label and count, and the world is not asked."""

from __future__ import annotations

from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.choice import Answer
from fozzy.core.events import Ask, Draw
from fozzy.core.sources import (
    GOLDEN,
    MASK,
    RETRY,
    Mutated,
    Seeded,
    Unanswered,
    boring,
    bounded,
    member_seed,
    mix,
    stream_key,
)

SEEDS = st.integers(0, 2**53 - 1)
LABELS = st.text(max_size=20)


def splitmix64(state: int) -> int:
    """The output function as the paper has it, written apart from the one under test."""
    z = state & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_known_answers() -> None:
    """SplitMix64 from state 1234567 gives the published first numbers."""
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [mix((1234567 + (n + 1) * GOLDEN) & MASK) for n in range(5)] == published


def test_known_draws() -> None:
    """Draws that were once published never change: a recorded seed means the same run for ever."""
    source = Seeded(7)
    assert [source.draw("rand.k", 0, 2**32 - 1) for _ in range(3)] == [
        splitmix64(stream_key(7, "rand.k") + (n + 1) * GOLDEN) % 2**32 for n in range(3)
    ]
    assert stream_key(0, "") == int.from_bytes(blake3(b"fozzy-draw-1" + bytes(8)).digest(length=8), "little")
    assert member_seed(0, "") == int.from_bytes(blake3(b"fozzy-suite-1" + bytes(8)).digest(length=8), "little") >> 11


@given(SEEDS, LABELS, st.lists(LABELS, max_size=8))
def test_other_labels_change_nothing(seed: int, label: str, others: list[str]) -> None:
    """The n-th draw of a label is the same whatever was drawn under other labels before it."""
    alone, among = Seeded(seed), Seeded(seed)
    for other in others:
        if other != label:
            among.draw(other, 0, 9)
    assert [alone.draw(label, 0, 2**53 - 1) for _ in range(3)] == [among.draw(label, 0, 2**53 - 1) for _ in range(3)]


@given(SEEDS, LABELS, st.integers(-(2**53), 2**53), st.integers(0, 2**53 - 1))
def test_draws_lie_within_their_bounds(seed: int, label: str, low: int, size: int) -> None:
    """A draw lies from low to high, both included."""
    assert low <= Seeded(seed).draw(label, low, low + size) <= low + size


def test_both_ends_are_drawn() -> None:
    """Of a small range every value is drawn, about as often as any other."""
    source = Seeded(3)
    drawn = [source.draw("l", 1, 3) for _ in range(3000)]
    assert sorted(set(drawn)) == [1, 2, 3] and all(800 < drawn.count(value) < 1200 for value in (1, 2, 3))


@given(st.integers(0, MASK), st.integers(1, 2**53))
def test_a_word_beyond_the_last_whole_multiple_is_rejected(state: int, size: int) -> None:
    """No value is likelier than another: words past the last whole multiple are drawn again."""
    limit = 2**64 - 2**64 % size
    word = splitmix64(state)
    while word >= limit:
        state = (state + RETRY) & MASK
        word = splitmix64(state)
    assert bounded(state, 10, 10 + size - 1) == 10 + word % size


@given(SEEDS, LABELS)
def test_skipping_is_drawing_without_looking(seed: int, label: str) -> None:
    """What was decided elsewhere is passed over: the next draw is the second."""
    drawn, skipped = Seeded(seed), Seeded(seed)
    drawn.draw(label, 0, 5)
    skipped.skip(label)
    assert drawn.draw(label, 0, 2**53 - 1) == skipped.draw(label, 0, 2**53 - 1)


@given(SEEDS, st.text(max_size=20))
def test_a_members_seed_is_a_seed(seed: int, path: str) -> None:
    """The seed of a suite's member is a number that survives a double, and another path has another."""
    assert 0 <= member_seed(seed, path) < 2**53
    assert member_seed(seed, path) != member_seed(seed, path + "/")


def test_the_world_answers_for_itself() -> None:
    """A fresh run asks the world and believes it."""
    assert Seeded(1).ask("l", {}, lambda: ("yes", 5), str) == ("yes", 5)  # type: ignore[type-var]


@pytest.mark.parametrize("seed", [0, 2**53 - 1])
def test_the_seeds_at_the_ends(seed: int) -> None:
    """The smallest and the largest seed draw like any other."""
    assert Seeded(seed).draw("l", 0, 10**6) != Seeded(seed ^ 1).draw("l", 0, 10**6)


DRAWS = st.lists(st.builds(lambda label, value: Draw(0, "", label, 0, 99, value), LABELS, st.integers(0, 99)))


@given(DRAWS, st.lists(LABELS, max_size=20))
def test_a_mutated_tape_is_read_by_label_and_count(draws: list[Draw], asked: list[str]) -> None:
    """The n-th draw of a label is the n-th entry of that label, whatever stands between; past the end it is boring."""
    source = Mutated(draws)
    for place, label in enumerate(asked):
        of_label = [draw.value for draw in draws if draw.label == label]
        count = asked[:place].count(label)
        assert source.draw(label, 0, 99) == (of_label[count] if count < len(of_label) else 0)


@given(SEEDS, st.lists(st.integers(0, 99), max_size=4))
def test_past_the_end_a_seed_goes_on(seed: int, values: list[int]) -> None:
    """As if it had drawn what the tape decided."""
    source = Mutated([Draw(0, "", "k", 0, 99, value) for value in values], seed=seed)
    seeded = Seeded(seed)
    expected = [seeded.draw("k", 0, 99) for _ in range(8)]
    assert [source.draw("k", 0, 99) for _ in range(8)] == [*values, *expected[len(values) :]]


@pytest.mark.parametrize(("low", "high", "value", "drawn"), [(5, 9, 3, 5), (5, 9, 12, 9), (-3, 3, 0, 0), (1, 1, 1, 1)])
def test_a_value_outside_of_its_range_is_the_nearest_inside(low: int, high: int, value: int, drawn: int) -> None:
    """A tape may be older than the range."""
    assert Mutated([Draw(0, "", "k", 0, 99, value)]).draw("k", low, high) == drawn
    assert [boring(5, 9), boring(-9, -5), boring(-1, 1)] == [5, -5, 0]


class Said(Answer, frozen=True, kw_only=True):
    """An answer."""

    text: str


def test_the_same_question_has_its_answers_in_order() -> None:
    """By label and request, whatever the order of its fields; another question, or one too many, has none."""
    asks = [Ask(0, "", "http", {"a": 1, "b": [2]}, {"text": text}, took) for text, took in (("one", 5), ("two", 6))]
    source = Mutated([], asks)

    def never() -> tuple[Said, int]:
        raise AssertionError("the world was asked")

    def ask(label: str, request: Any, live: Any = never, mutated: Mutated = source) -> tuple[str, int]:
        answer, took = mutated.ask(label, request, live, Said)
        return answer.text, took

    assert ask("http", {"b": [2], "a": 1}) == ("one", 5)
    assert ask("http", {"a": 1, "b": [2]}) == ("two", 6)
    for label, request in (("http", {"a": 1, "b": [2]}), ("proc", {"a": 1, "b": [2]}), ("http", {"a": 1})):
        with pytest.raises(Unanswered) as raised:
            ask(label, request)
        assert (raised.value.label, raised.value.request) == (label, request)
    assert ask("http", {}, lambda: (Said(text="live"), 7), Mutated([], asks, live=True)) == ("live", 7)
