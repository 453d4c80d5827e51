"""What a value must be: every comparison over any JSON value, alone, in company, and wrongly written."""

from __future__ import annotations

import operator
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.dsl.steps import conditions
from fozzy.dsl.steps.conditions import TYPES, Condition, broken, includes
from fozzy.dsl.steps.store import MISSING, same

if TYPE_CHECKING:
    from tests.conftest import Play, Problems

Json = dict[str, Any]
HUGE = 10**400  # a whole number no float can hold

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def check(that: Any, **comparisons: Any) -> Json:
    return {"type": "assert", "that": that, **comparisons}


HOLDS: list[tuple[Any, Json]] = [
    (1, {"equals": 1.0}),
    (None, {"equals": None}),
    ({"a": [1, {"b": None}]}, {"equals": {"a": [1.0, {"b": None}]}}),
    ([], {"equals": []}),
    (True, {"not_equals": 1}),
    (0, {"not_equals": False}),
    ("1", {"not_equals": 1}),
    ([1, 2], {"not_equals": [2, 1]}),
    (1, {"less": 1.5}),
    (-HUGE, {"less": 0.5}),
    ("Z", {"less": "a"}),
    (HUGE, {"greater": 1.5}),
    (2, {"greater": 1, "less": 3}),
    ("hello", {"contains": "ell"}),
    ("", {"contains": ""}),
    ([1, [2]], {"contains": [2]}),
    ({"a": 1, "b": 2}, {"contains": "a"}),
    ({"a": {"x": 1, "y": 2}, "b": 3}, {"contains": {"a": {"y": 2}}}),
    ({}, {"contains": {}}),
    ("abc", {"matches": "^a.c$"}),
    ("a\nb", {"matches": "b"}),
    ("x", {"in": ["y", "x"]}),
    (1.0, {"in": [1]}),
    (None, {"in": [None]}),
    ("", {"length": 0}),
    ("äö", {"length": 2}),
    ([[], {}], {"length": 2}),
    ({"a": 1}, {"length": 1}),
    (None, {"exists": True}),
    (False, {"exists": True, "equals": False, "of_type": "boolean"}),
]

BREAKS: list[tuple[Any, Json, str]] = [
    (1, {"equals": True}, "that is 1, wanted true"),
    ([1], {"equals": 1}, "that is [1], wanted 1"),
    (0, {"equals": None}, "that is 0, wanted null"),
    ({"a": 1}, {"equals": {"a": 1, "b": None}}, 'that is {"a":1}, wanted {"a":1,"b":null}'),
    (1.0, {"not_equals": 1}, "that is 1.0, wanted anything else"),
    (1, {"less": 1}, "that is 1, wanted less than 1"),
    (HUGE, {"less": 1}, "wanted less than 1"),
    ("2", {"less": 10}, 'that is "2", wanted less than 10'),
    (True, {"less": 2}, "that is true, wanted less than 2"),
    ([1], {"greater": [0]}, "that is [1], wanted more than [0]"),
    (None, {"greater": 0}, "that is null, wanted more than 0"),
    ("abc", {"contains": "B"}, 'that is "abc", wanted "B" in it'),
    (123, {"contains": 2}, "that is 123, wanted 2 in it"),
    ("123", {"contains": 2}, 'that is "123", wanted 2 in it'),
    ([1, 2], {"contains": [1, 2]}, "that is [1,2], wanted [1,2] in it"),
    ([True], {"contains": 1}, "that is [true], wanted 1 in it"),
    ({"a": 1}, {"contains": 1}, 'that is {"a":1}, wanted 1 in it'),
    ({"a": {"x": 1}}, {"contains": {"a": {"x": 2}}}, 'wanted {"a":{"x":2}} in it'),
    ("abc", {"matches": "^b"}, 'that is "abc", wanted something matching "^b"'),
    (5, {"matches": "5"}, 'that is 5, wanted something matching "5"'),
    (1, {"in": []}, "that is 1, wanted one of []"),
    (1, {"in": [True, "1", [1]]}, 'that is 1, wanted one of [true,"1",[1]]'),
    (1.0, {"of_type": "integer"}, "that is 1.0, wanted a value of type integer"),
    (True, {"of_type": "number"}, "that is true, wanted a value of type number"),
    ([], {"of_type": "object"}, "that is [], wanted a value of type object"),
    ("abc", {"length": 2}, "that has length 3, wanted 2"),
    (12, {"length": 2}, "that is 12, which has no length"),
    (None, {"exists": False}, "that is null, wanted no value"),
]


@pytest.mark.parametrize(("that", "comparisons"), HOLDS, ids=str)
def test_what_holds(play: Play, that: Any, comparisons: Json) -> None:
    """Every comparison holds for the values it describes, whatever kind of JSON they are."""
    assert play([check(that, **comparisons)]).status == "pass"


@pytest.mark.parametrize(("that", "comparisons", "message"), BREAKS, ids=str)
def test_what_breaks(play: Play, that: Any, comparisons: Json, message: str) -> None:
    """What does not hold is a finding at the value: the message says both, the details carry wanted and actual."""
    played = play([check(that, **comparisons)])
    (name, wanted), *_ = comparisons.items()
    finding = played.finding
    assert played.status == "fail" and (finding.title, finding.kind) == ("assert", "assertion")
    assert message in finding.message or "…" in finding.message
    assert finding.location is not None and finding.location.path == "steps[0]"
    assert '"that"' in finding.location.text
    details = finding.location.details
    assert details["comparison"] == name
    if that != HUGE:
        assert same(details["expected"], wanted) and same(details["actual"], that)


def test_all_that_are_given_must_hold(play: Play) -> None:
    """Of several comparisons the first that does not hold is told, existence before all others."""
    assert play([check(5, greater=1, less=9, of_type="integer", exists=True)]).status == "pass"
    assert play([check(5, less=3, greater=9)]).finding.message == "that is 5, wanted less than 3"
    assert play([check(5, less=3, exists=False)]).finding.message == "that is 5, wanted no value"


def test_an_own_message_wins(play: Play) -> None:
    """`msg` replaces the words, not the label nor the details."""
    finding = play([check([1], equals=[2], msg="no good")]).finding
    assert finding.message == "no good"
    assert finding.location is not None and finding.location.label == "is [1]"
    assert finding.location.details == {"comparison": "equals", "expected": [2], "actual": [1]}


NEVER = {"type": "if", "that": 1, "equals": 2, "then": [{"type": "set_kv", "key": "x", "value": 1}]}


@pytest.mark.parametrize("that", ["${x}", "a ${x}", ["${x}"], {"k": "${x}"}])
def test_what_has_no_value(play: Play, that: Any) -> None:
    """A name that nothing kept so far has no value: it does not exist, and no other comparison holds for it."""
    assert play([NEVER, check(that, exists=False)]).status == "pass"
    for comparison in ({"exists": True}, {"equals": None}, {"not_equals": 1}, {"of_type": "null"}, {"in": [None]}):
        finding = play([NEVER, check(that, **comparison)]).finding
        assert "that has no value" in finding.message and finding.kind == "assertion"
        assert finding.location is not None and finding.location.details["actual"] is None
    assert "no value" in play([NEVER, check(that, exists=False, equals=1)]).finding.message


def test_only_the_value_may_be_missing(play: Play) -> None:
    """An unknown name in what is wanted is a mistake of the scenario, also where existence is asked."""
    finding = play([NEVER, check(1, equals="${x}", exists=True)]).finding
    assert (finding.title, finding.kind) == ("unknown_name", "input_invalid")


def test_a_missing_variable_of_the_environment_is_no_missing_value(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the environment that is not set is told as such, not taken for a value that is absent."""
    monkeypatch.delenv("FOZZY_TEST_UNSET", raising=False)
    played = play([check("${env.FOZZY_TEST_UNSET}", exists=False)], env=["FOZZY_TEST_UNSET"])
    assert played.finding.title == "env_not_set"


def test_comparisons_may_refer_to_the_run(play: Play) -> None:
    """Whole numbers, flags, texts and values inside a comparison take their value from the run, keeping its type."""
    kept = {"n": 2, "yes": True, "p": "^a", "list": [1, {"k": 2}]}
    steps = [
        check("ab", length="${n}", exists="${yes}", matches="${p}b$"),
        check([1, {"k": 2}], equals="${list}", contains={"k": "${n}"}),
        check("${n}", equals=2, **{"in": ["${n}"]}),
    ]
    assert play(steps, vars=kept).status == "pass"
    wrong = play([check("ab", length="${p}")], vars=kept).finding
    assert (wrong.title, wrong.message) == ("bad_value", '"length" must be a whole number of at least 0, got "^a"')


@pytest.mark.parametrize("pattern", ["(", "a{99999999999999999999}", "(" * 5000 + ")" * 5000, "(?P<1>a)", "*"])
def test_a_pattern_that_is_none(play: Play, problems: Problems, pattern: str) -> None:
    """What is no regular expression, or is too large or too deep to be one, is a problem at its place; one that came
    from the run does not match, and the finding says what it was held against."""
    (problem,) = problems({"version": 1, "name": "n", "steps": [check("a", matches=pattern)]})
    assert problem.message.startswith("this is not a regular expression: ") and '"matches"' in problem.text
    assert problem.where is not None and problem.text[problem.where.col - 1] == '"'
    played = play([check("a", matches="${p}")], vars={"p": pattern})
    assert (played.status, played.finding.kind) == ("fail", "input_invalid")


def test_odd_patterns_say_nothing_on_the_screen(play: Play) -> None:
    """What Python warns about in a pattern is nothing for the user of a scenario."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert play([check("[a", matches="[[a]")]).status == "pass"


INVALID: list[tuple[Json, str]] = [
    ({}, "a comparison must be given"),
    (
        {"of_type": "text"},
        '"of_type" must be one of "string", "number", "integer", "boolean", "null", "array", "object"',
    ),
    ({"length": -1}, '"length" must be a whole number of at least 0'),
    ({"in": "abc"}, '"in" must be a list'),
    ({"exists": "no"}, '"exists" must be true or false'),
    ({"type_": "string"}, '"assert" has no field "type_"'),
    ({"matches": 5}, '"matches" must be text'),
]


@pytest.mark.parametrize(("comparisons", "message"), INVALID, ids=str)
@pytest.mark.parametrize("block", [False, True])
def test_what_is_wrongly_written(problems: Problems, comparisons: Json, message: str, block: bool) -> None:
    """A condition that says nothing or something impossible is one problem, at `assert` and at `if` alike."""
    step = check(1, **comparisons)
    if block:
        step = {**step, "type": "if", "then": [{"type": "fail", "message": "x"}]}
        message = message.replace('"assert" has', '"if" has')
    (problem,) = problems({"version": 1, "name": "n", "steps": [step]})
    assert message in problem.message


@given(value=values)
def test_every_value_has_its_types(value: Any) -> None:
    """Every JSON value is of exactly one type, whole numbers of two."""
    kinds = {name for name, is_of in TYPES.items() if is_of(value)}
    assert len(kinds - {"integer"}) == 1 and ("integer" not in kinds or "number" in kinds)


@given(value=values, other=values)
def test_comparisons_agree_with_each_other(value: Any, other: Any) -> None:
    """Equality is symmetric and the opposite of inequality; nothing is less and more; an item is in its list."""

    def holds(left: Any, **comparison: Any) -> bool:
        return broken(Condition(**comparison), left, "that") is None

    assert holds(value, equals=value) and not holds(value, not_equals=value)
    assert holds(value, equals=other) is holds(other, equals=value) is not holds(value, not_equals=other)
    assert not (holds(value, less=other) and holds(value, greater=other))
    assert holds(value, less=other) is holds(other, greater=value)
    assert holds([other, value], contains=value) and holds(value, in_=[other, value])
    assert not holds(MISSING, equals=value) and holds(MISSING, exists=False)
    if isinstance(value, dict):
        assert includes(value, value) and all(includes(value, key) for key in value)


@given(left=st.integers() | st.floats(allow_nan=False), right=st.integers() | st.floats(allow_nan=False))
def test_numbers_are_compared_exactly(left: float, right: float) -> None:
    """Numbers compare as numbers, however large, whole or not."""
    for field, compare in (("less", operator.lt), ("greater", operator.gt), ("equals", operator.eq)):
        assert (broken(Condition(**{field: right}), left, "that") is None) is compare(left, right)


def test_a_match_that_would_take_for_ever_ends(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its step ends as a timeout that names the pattern; one that is quick is not touched, however long the text."""
    monkeypatch.setattr(conditions, "MATCH_S", 0.05)
    ran = play([check("a" * 60 + "!", matches="^(a+)+$")])
    assert (ran.status, ran.findings[0].title) == ("timeout", "match_too_long")
    assert '"^(a+)+$" was not done with 61 characters' in ran.findings[0].message
    assert play([check("a" * 100_000, matches="^a+$")]).status == "pass"


def test_in_another_thread_matches_have_no_bound() -> None:
    """Signals come to the main thread alone; others match all the same."""
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(conditions.matches, "^a+$", "aaa").result()
