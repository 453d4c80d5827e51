"""Mutations of bytes: within their bound, the same for the same state, and as wide as they are meant to be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.search.fuzz.mutate import FIRST_INPUTS, MUTATORS, NUMBERS, Means, mutate, mutate_json, mutate_value, near
from fozzy.search.fuzz.rng import Rng

STATES = st.integers(0, (1 << 64) - 1)
SOME = st.lists(st.binary(max_size=40), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=4), inside, max_size=4),
    max_leaves=12,
)


@given(
    st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
    STATES,
    SOME,
    SOME,
    st.integers(0, 300),
)
def test_any_input_gives_an_input(data: bytes, state: int, words: list[bytes], corpus: list[bytes], most: int) -> None:
    """Any bytes, words and corpus give bytes within the bound, which follow from them and the generator alone."""
    means = Means(words, corpus, most)
    before = (bytes(data), list(words), list(corpus))
    made = mutate(data, Rng(state), means)
    assert type(made) is bytes and len(made) <= most
    assert made == mutate(data, Rng(state), Means(tuple(words), tuple(corpus), most))
    assert before == (data, words, corpus)


@pytest.mark.parametrize("mutator", MUTATORS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("data", [b"", b"x", b"a 12 b"])
def test_every_mutator_takes_any_input(mutator: Any, data: bytes) -> None:
    """Each of them alone works on nothing, on one byte and on more, and does something now and then."""
    made = set()
    for state in range(100):
        changed = bytearray(data)
        mutator(changed, Rng(state), Means([b"word"], [b"other"], 100))
        made.add(bytes(changed))
        mutator(changed, Rng(state), Means([], [], 0))
    assert made != {data} or data == b""


def test_a_long_walk_stays_within_its_bound() -> None:
    """Hundreds of mutations on top of each other neither fail nor grow past the bound, also as JSON."""
    means = Means(
        [b"18446744073709551615", b"\xff\xfe", b"-", "½".encode()], [b'{"k":1e308}', b"[-9223372036854775808]"], 300
    )
    for start in (b'{"a":1,"b":[1.5,"x"]}', b"12", b"[" * 150 + b"]" * 150, b'{"a":1e400}'):
        data, seen = start, set()
        for state in range(600):
            data = mutate(data, Rng(state), means)
            assert len(data) <= 300
            seen.add(data)
        assert len(seen) > 300


def test_what_is_near_is_reached() -> None:
    """Every bit, every byte value, a word, a piece of another input and a number in digits come within a few tries."""
    means = Means([b"magic"], [b"other-input"], 64)
    made = {mutate(b"ab7", Rng(state), means) for state in range(20_000)}
    assert {bytes([ord("a") ^ 1 << bit]) + b"b7" for bit in range(8)} <= made
    assert sum(len(each) == 3 and each[1:] == b"b7" for each in made) > 150
    assert any(b"magic" in each for each in made) and any(b"other" in each for each in made)
    assert {b"ab8", b"ab6", b"ab14", b"ab-7"} <= made and any(each.startswith(b"ab6553") for each in made)


@given(JSON, STATES)
def test_json_stays_json(value: Any, state: int) -> None:
    """What is changed as JSON is JSON."""
    data = json.dumps(value).encode()
    made = mutate_json(data, Rng(state), Means([b"word"], [], 4096))
    if made is not None:
        json.loads(made)
    assert made is not None or b"Infinity" in data  # which JSON has not


@pytest.mark.parametrize("data", [b"", b"{", b"nope", b"[" * 4000, b"\xff", b"1" * 5000])
def test_what_is_no_json_is_not_changed_as_json(data: bytes) -> None:
    """Then there is no such change, and no error."""
    assert mutate_json(data, Rng(1), Means([], [], 4096)) is None


@given(JSON, STATES)
def test_a_value_is_not_changed_in_place(value: Any, state: int) -> None:
    """The value a change starts from is as it was: it may stand in a corpus."""
    before = json.dumps(value)
    mutate_value(value, Rng(state), Means([b"word", b"12"], [], 100))
    assert json.dumps(value) == before


@given(st.integers(), STATES)
def test_near_numbers_do_not_run_away(value: int, state: int) -> None:
    """A number near one within 64 bits needs few more, however often that is done."""
    rng = Rng(state)
    for _ in range(100):
        value = near(value if abs(value) < 1 << 64 else 0, rng)
        assert abs(value) < 1 << 66


def test_near_numbers_reach_the_edges() -> None:
    """The numbers programs stumble on come, with both signs, and those beside them."""
    made = {near(5, Rng(state)) for state in range(50_000)}
    assert {sign * each + by for each in NUMBERS for sign in (1, -1) for by in (-1, 0, 1)} <= made


def test_first_inputs_are_short_and_different() -> None:
    """An empty corpus starts with a few short texts of the usual formats."""
    assert len(set(FIRST_INPUTS)) == len(FIRST_INPUTS) and max(map(len, FIRST_INPUTS)) < 8
