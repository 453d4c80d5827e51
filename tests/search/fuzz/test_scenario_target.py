"""Scenarios as targets: what decides a run is the input, and what it reached is told alike everywhere."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.search.fuzz.mutate import Means
from fozzy.search.fuzz.rng import Rng
from fozzy.search.fuzz.scenario_target import Input, ScenarioTarget, decoded, words_of

from .conftest import scenario

DRAW = {"type": "rand_int", "key": "a", "min": 0, "max": 1000}
LARGE = {"type": "if", "that": "${a}", "greater": 990, "then": [{"type": "fail", "message": "large"}]}
MEANS = Means([b"refund", b"-7", b"x"], [], 4096)


def target(steps: list[dict[str, Any]], **more: Any) -> ScenarioTarget:
    """A scenario of these steps as a target."""
    return ScenarioTarget(scenario(steps, **more), 1)


def draw(value: int) -> bytes:
    """The input that has the draw of `DRAW` be this."""
    return msgspec.json.encode(Input(draws=[("rand.a", 0, 1000, value)]))


def test_the_draws_of_the_input_decide() -> None:
    """The draw that is given is made; past those that are given the seed decides; what is kept has all of them."""
    made = target([DRAW, LARGE])
    assert made.execute(draw(990)).crash is None
    broken = made.execute(draw(991))
    assert broken.crash is not None and broken.crash.title == "fail" and broken.crash.status == "fail"
    kept = made.execute(made.first[0]).data
    assert kept is not None and len(decoded(kept).draws) == 1
    assert made.execute(kept) == made.execute(kept) == made.execute(made.first[0])


def test_variables_and_the_matrix_are_input() -> None:
    """The first inputs have the variables as they stand and every value of the matrix; mutation changes both."""
    step = {"type": "assert", "that": "${size}", "less": 3}
    made = target([step], vars={"kind": "buy"}, matrix={"size": [1, 2, 3], "colour": ["red"]})
    assert [decoded(each).case for each in made.first] == [{"size": n, "colour": "red"} for n in (1, 2, 3)]
    assert [made.execute(each).crash is None for each in made.first] == [True, True, False]
    mutated = [decoded(made.mutate(made.first[0], Rng(state), MEANS)) for state in range(300)]
    assert {each.case["size"] for each in mutated} == {1, 2, 3} and "refund" in [each.vars["kind"] for each in mutated]


def test_mutated_draws_stay_in_their_ranges_and_reach_their_ends() -> None:
    """Whatever is done to an input, its draws can be made; the ends and the words come soon."""
    made = target([DRAW, {"type": "rand_int", "key": "b", "min": -5, "max": 5}])
    data = made.execute(made.first[0]).data
    seen: set[int] = set()
    for state in range(3000):
        assert data is not None
        changed = made.mutate(data, Rng(state), Means([b"600", b"-7"], [draw(5)], 4096))
        for _, low, high, value in decoded(changed).draws:
            assert low <= value <= high
        seen |= {value for label, _, _, value in decoded(changed).draws if label == "rand.a"}
        assert made.mutate(data, Rng(state), Means([b"600", b"-7"], [draw(5)], 4096)) == changed
        data = changed if decoded(changed).draws else data
    assert {0, 1000, 599, 600, 601} <= seen


def test_no_variable_becomes_a_reference() -> None:
    """A text that would refer to the run is not put in."""
    made = target([DRAW], vars={"kind": "buy"})
    for state in range(300):
        changed = made.mutate(made.first[0], Rng(state), Means([b"${a}", b"${env.HOME}"], [], 4096))
        assert b"${" not in changed


@given(
    st.binary(max_size=50)
    | st.sampled_from([b"[" * 5000, b'{"draws":[["a",5,1,3]]}', b'{"draws":[["a",0,1,9]]}', b'{"vars":[]}'])
)
def test_any_bytes_are_an_input(data: bytes) -> None:
    """What is none, or has draws out of their own bounds, is the empty one."""
    made = decoded(data)
    assert isinstance(made, Input) and made.draws == []
    SOME.execute(SOME.mutate(data, Rng(1), MEANS))


SOME = target([DRAW])


def test_branches_states_and_repetitions_are_features() -> None:
    """Which steps ran, how they ended, how often, and what they left: each makes a difference; a small one none."""
    keep = {"type": "set_kv", "key": "k", "value": "${a}"}
    made = target([DRAW, LARGE, keep, {"type": "repeat", "times": "${n}", "steps": [keep]}], vars={"n": 2})

    def features(value: int, n: int) -> frozenset[int]:
        given = msgspec.structs.replace(decoded(draw(value)), vars={"n": n})
        return frozenset(made.execute(msgspec.json.encode(given)).features)

    plain = features(5, 2)
    assert features(6, 2) == plain
    for other in (features(995, 2), features(500, 2), features(5, 40)):
        assert other - plain
    assert {each < 0 for each in plain} == {True, False}


def test_a_run_without_end_is_cut() -> None:
    """After so many records it is over, and no crash."""
    forever = {"type": "repeat", "times": 100000, "steps": [{"type": "set_kv", "key": "k", "value": 1}]}
    result = ScenarioTarget(scenario([forever]), 1, records_max=1000).execute(b"{}")
    assert result.crash is None and result.features


def test_expected_failures_and_inputs_that_do_not_fit_are_no_crash() -> None:
    """A scenario that expects to fail is broken by passing otherwise; a variable of a wrong type is the input's fault."""
    expecting = {"expect": {"status": "fail"}}
    assert target([{"type": "fail", "message": "m"}], **expecting).execute(b"{}").crash is None
    wrong = target([{"type": "repeat", "times": "${n}", "steps": [DRAW]}], vars={"n": 1})
    crash = wrong.execute(b'{"vars":{"n":"x"}}').crash
    assert crash is None


def test_words_are_what_a_scenario_compares_with() -> None:
    """Texts and whole numbers anywhere in it, sorted; no references, nothing long."""
    words = words_of(json.loads('{"a": ["refund", 777, true, 1.5, {"b": "${x}"}], "c": "%s", "d": -3}' % ("x" * 65)))
    assert words == [b"-3", b"777", b"refund"]
    assert b"large" in target([DRAW, LARGE]).words


@pytest.mark.parametrize("steps", [[], [DRAW]])
def test_a_scenario_without_anything_to_vary_is_still_run(steps: list[dict[str, Any]]) -> None:
    """Its one input is executed again and again."""
    made = target([*steps, {"type": "trace_event", "name": "e"}])
    changed = made.mutate(made.first[0], Rng(1), MEANS)
    assert made.execute(changed).crash is None
