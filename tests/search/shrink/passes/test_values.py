"""Values become as simple as the failure lets them, whatever kind they are of."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.search.script import script_of
from fozzy.search.shrink.gate import weight
from fozzy.search.shrink.passes.values import PLAIN_CHARS_MAX, simplify, simplify_values

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**12), 10**12),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.sampled_from(["10ms", "3s", "123", "${name}", "café"]),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)


def weigh(value: Any) -> tuple[int, ...]:
    return weight(script_of({"version": 1, "name": "n", "vars": {"v": value}, "steps": []}))


@given(JSON)
def test_what_nothing_needs_becomes_nothing(value: Any) -> None:
    """Where everything will do, the plainest value of its kind is left."""
    nothing: dict[type, Any] = {bool: False, int: 0, str: "", list: [], dict: {}, type(None): None}
    found = simplify(value, lambda candidate: True)
    if isinstance(value, float):
        assert found == 0 or abs(value) > 1e15
    elif isinstance(value, str) and found.endswith(("ms", "s")) and value in ("10ms", "3s"):
        assert found in ("0ms", "0s")
    else:
        assert found == nothing[type(value)]


@given(JSON, st.data())
def test_only_what_was_taken_is_left(value: Any, data: st.DataObject) -> None:
    """Whatever is refused, the end is the value as it was or one that was taken, and it is no larger."""
    taken: list[Any] = [value]

    def test(candidate: Any) -> bool:
        smaller = weigh(candidate) < weigh(taken[-1])
        if smaller and data.draw(st.booleans()):
            taken.append(candidate)
            return True
        return False

    found = simplify(value, test)
    assert weigh(found) <= weigh(value)
    assert found == taken[-1] or isinstance(value, float)


@pytest.mark.parametrize(
    ("value", "test", "simple"),
    [
        (1000, lambda value: value > 41, 42),
        (-7, lambda value: abs(value) > 2, 3),
        (-7, lambda value: value < -2, -3),
        (3.75, lambda value: value > 2.5, 3),
        (0.75, lambda value: 0.25 < value < 1, 0.250001),
        (True, lambda value: True, False),
        (True, lambda value: value, True),
        ("a long text with a needle in it", lambda value: "needle" in value, "needle"),
        ("it is five", lambda value: len(value) > 4, "00000"),
        ("2500ms", lambda value: int(value.removesuffix("ms")) >= 1500, "1500ms"),
        ("8080", lambda value: int(value or 0) > 1023, "1024"),
        ("${port}", lambda value: value != "", "${port}"),
        ([5, 6, 7, 8], lambda value: sum(value) >= 8, [2, 6]),
        (
            {"a": {"b": [1, {"c": "deep"}], "d": 1}, "e": 2},
            lambda value: "deep" in str(value),
            {"a": {"b": [{"c": "deep"}]}},
        ),
        (None, lambda value: True, None),
        (10**400, lambda value: value >= 10**399, 10**399),
    ],
)
def test_the_simplest_value(value: Any, test: Any, simple: Any) -> None:
    """A boundary, a needle, one item of many: what is needed is left and nothing else."""

    def checked(candidate: Any) -> bool:
        try:
            return bool(test(candidate))
        except ValueError:
            return False

    assert simplify(value, checked) == simple


def test_a_megabyte_of_text_is_cut_in_few_runs() -> None:
    """As long as it is much too long, halves go; its characters are made plain only when they are few."""
    asked = 0

    def test(candidate: str) -> bool:
        nonlocal asked
        asked += 1
        return len(candidate) >= PLAIN_CHARS_MAX * 2

    found = simplify("x" * 2**20, test)
    assert found == "x" * PLAIN_CHARS_MAX * 2
    assert asked < PLAIN_CHARS_MAX * 8


def test_the_failing_step_is_left_as_it_is(plant: Any) -> None:
    """With other values it would fail for another reason; names are not made shorter either, only left out."""
    steps = [
        {"type": "assert_eq_int", "a": 100, "b": 200, "msg": "a long message"},
        {"type": "set_kv", "key": "a long key", "value": "a long value"},
    ]
    script = script_of({"version": 1, "name": "n", "vars": {"limit": 900}, "steps": steps})

    def fails(each: Any) -> bool:
        step = each.script.raw["steps"][1]
        return "key" in step and "value" in step and each.script.head["vars"]["limit"] > 5

    gate = plant.gate(fails, script)
    simplify_values(gate)
    assert gate.best.script.raw["steps"] == [steps[0], {"type": "set_kv", "key": "a long key", "value": ""}]
    assert gate.best.script.head["vars"] == {"limit": 6}


def test_fields_that_are_not_needed_go(plant: Any) -> None:
    """All at once where that will do."""
    step = {"type": "http_when", "method": "GET", "path": "/a", "status": 200, "json": {"a": 1}, "delay": "5s"}
    script = script_of({"version": 1, "name": "n", "steps": [{"type": "fail"}, step]})
    gate = plant.gate(lambda each: each.script.raw["steps"][1].get("path") == "/a", script)
    simplify_values(gate)
    assert gate.best.script.raw["steps"][1] == {"type": "http_when", "path": "/a"}
