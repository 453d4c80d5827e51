"""A matrix: one execution for each combination, in order, each with a name and a seed of its own."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.dsl.load import document, parse
from fozzy.dsl.matrix import CASES_MAX, cases_of, label_of

if TYPE_CHECKING:
    from tests.conftest import Fz, Problems, WriteScenario

Json = dict[str, Any]
SAY = {"type": "trace_event", "name": "${size} ${color}", "fields": {"size": "${size}"}}
MATRIX = {"size": [1, 2], "color": ["red", "blue", "green"]}
LABELS = [f"size={size} color={color}" for size in (1, 2) for color in ("red", "blue", "green")]


def loaded(matrix: Json, **more: Any) -> Any:
    text = json.dumps({"version": 1, "name": "n", "matrix": matrix, "steps": [{"type": "unfreeze"}], **more})
    return parse(document(text.encode(), "n.fozzy.json", "n.fozzy.json", "json")).file


def test_combinations_are_in_order() -> None:
    """The last name turns fastest, values as they are written; without a matrix there is one, without a name."""
    file = loaded(MATRIX)
    assert [label_of(case) for case in cases_of(file)] == LABELS
    assert [label_of(case) for case in cases_of(loaded({}))] == [""]


def test_labels_tell_any_value() -> None:
    """Texts stand as they are, everything else as JSON."""
    assert label_of({"a": "x y", "b": None, "c": [1, {"d": True}], "e": 1.5}) == 'a=x y b=null c=[1,{"d":true}] e=1.5'


@settings(max_examples=40, deadline=None)
@given(
    matrix=st.dictionaries(
        st.text("abc_", min_size=1, max_size=2),
        st.lists(st.integers(0, 3) | st.text("xy", max_size=1) | st.none(), min_size=1, max_size=3, unique_by=repr),
        max_size=3,
    )
)
def test_every_combination_once(matrix: Json) -> None:
    """There are as many as the product says, all different, each a choice of one value per name."""
    cases = cases_of(loaded(matrix))
    size = 1
    for values in matrix.values():
        size *= len(values)
    assert len(cases) == size == len({repr(case) for case in cases})
    assert all(case.keys() == matrix.keys() and all(case[name] in matrix[name] for name in case) for case in cases)


def members(fz: Fz, *words: str) -> list[Json]:
    document = fz("test", *words, "--det", "--json").document()
    found: list[Json] = document["scenarios"]
    return found


def test_a_suite_runs_every_combination(fz: Fz, scenario: WriteScenario) -> None:
    """Each combination is a member with its label, in order, with a seed of its own that is the same next time."""
    scenario("m", [SAY], matrix=MATRIX)
    first, again = members(fz, "m.fozzy.json", "--seed", "5"), members(fz, "m.fozzy.json", "--seed", "5")
    assert [member["name"] for member in first] == [f"m {label}" for label in LABELS]
    assert [member["case"] for member in first] == LABELS
    assert len({member["seed"] for member in first}) == len(LABELS)
    assert [member["seed"] for member in first] == [member["seed"] for member in again]
    assert [member["seed"] for member in members(fz, "m.fozzy.json", "--seed", "6")] != [m["seed"] for m in first]


def test_a_combination_more_moves_no_other_seed(fz: Fz, scenario: WriteScenario) -> None:
    """A seed follows from the combination, not from its number."""
    scenario("m", [SAY], matrix=MATRIX)
    before = {member["case"]: member["seed"] for member in members(fz, "m.fozzy.json", "--seed", "5")}
    scenario("m", [SAY], matrix={"size": [0, 1, 2], "color": ["green", "red", "blue", "pink"]})
    after = {member["case"]: member["seed"] for member in members(fz, "m.fozzy.json", "--seed", "5")}
    assert before.items() <= after.items()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_failing_combination_is_named_everywhere(fz: Fz, scenario: WriteScenario, jobs: str) -> None:
    """The screen, JUnit and JSON name the combination that failed; it runs alone with the seed it had."""
    need = {"type": "assert", "that": "${size}${color}", "not_equals": "2blue"}
    scenario("m", [{"type": "rand_u64", "key": "r"}, need], matrix=MATRIX)
    ran = fz(
        "test",
        "m.fozzy.json",
        "--det",
        "--seed",
        "3",
        "--jobs",
        jobs,
        "--reporter",
        "junit=j.xml",
        "--reporter",
        "json=j.json",
    )
    assert ran.code == 1 and "size=2 color=blue" in ran.said
    cases = ET.parse("j.xml").getroot().iter("testcase")
    assert [case.get("name") for case in cases if case.find("failure") is not None] == ["m size=2 color=blue"]
    (failed,) = [each for each in json.loads(Path("j.json").read_text())["scenarios"] if not each["passed"]]
    assert failed["case"] == "size=2 color=blue"
    alone = fz("run", "m.fozzy.json", "--case", failed["case"], "--seed", str(failed["seed"]), "--det", "--json")
    assert alone.code == 1
    assert alone.document()["findings"] == failed["findings"]
    replay = fz("replay", failed["tracePath"], "--json").document()["replay"]
    assert replay["verdict"] == "SAME"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--case", "size=2 color=red"], 0, ""),
        ([], 2, "m.fozzy.json has a matrix of 6 combinations"),
        (["--case", "size=3 color=red"], 2, 'did you mean "size=1 color=red"?'),
        (["--case", "nothing"], 2, 'm.fozzy.json has no combination "nothing"'),
    ],
)
def test_run_takes_one(fz: Fz, scenario: WriteScenario, words: list[str], code: int, said: str) -> None:
    """`run` wants to know which; a wrong name gets a suggestion."""
    scenario("m", [SAY], matrix=MATRIX)
    ran = fz("run", "m.fozzy.json", *words)
    assert ran.code == code and said in ran.said.replace("size=2 color=red", "size=1 color=red")


def test_one_combination_needs_no_name(fz: Fz, scenario: WriteScenario) -> None:
    """With a single combination, and without any, `run` asks for nothing."""
    scenario("m", [SAY], matrix={"size": [1], "color": ["red"]})
    assert fz("run", "m.fozzy.json").code == 0
    scenario("m", [{"type": "unfreeze"}])
    assert fz("run", "m.fozzy.json").code == 0
    assert fz("run", "m.fozzy.json", "--case", "size=1").code == 2


def test_a_matrix_wins_over_variables_and_keeps_types(fz: Fz, scenario: WriteScenario) -> None:
    """A name of the matrix hides a variable of the same name; values keep their types and may refer to the run."""
    need = {"type": "assert", "that": ["${a}", "${b}", "${c}"], "in": [[1, {"k": None}, 7], ["x", {"k": None}, 7]]}
    scenario("m", [need], vars={"a": 0, "n": 7}, matrix={"a": [1, "x"], "b": [{"k": None}], "c": ["${n}"]})
    assert fz("test", "m.fozzy.json").code == 0


BAD: list[tuple[Json, Json, str, str]] = [
    ({"a": []}, {}, "scenario.empty", '"a" must not be empty'),
    ({"a": 1}, {}, "scenario.bad_value", '"a" must be a list'),
    ({"": [1]}, {}, "scenario.bad_value", ""),
    ({"seed": [1]}, {}, "scenario.bad_value", '"seed" has a meaning already'),
    ({"a": list(range(CASES_MAX + 1))}, {}, "scenario.bad_value", f"at most {CASES_MAX} are run"),
    ({name: list(range(10)) for name in "abcd"}, {}, "scenario.bad_value", "the matrix has 10000 combinations"),
    ({"a": ["${a}"]}, {}, "scenario.circular_variable", 'variable "a" refers to itself'),
    ({"a": ["${b}"]}, {"b": "${a}"}, "scenario.circular_variable", 'variable "a" refers to itself'),
    ({"a": [1], "b": ["${nobody}"]}, {}, "scenario.unknown_name", 'nothing keeps "nobody"'),
    ({"a": [1, "1"]}, {}, "scenario.bad_value", 'the matrix has two combinations "a=1"'),
    ({"a": ["x", "y", "x"]}, {}, "scenario.bad_value", 'the matrix has two combinations "a=x"'),
    ({"a": ["x", "x b=y"], "b": ["y b=y", "y"]}, {}, "scenario.bad_value", 'two combinations "a=x b=y b=y"'),
]


@pytest.mark.parametrize(("matrix", "variables", "code", "message"), BAD)
def test_what_cannot_be_run(problems: Problems, matrix: Json, variables: Json, code: str, message: str) -> None:
    """Nothing to choose from, too many, names with a meaning, circles, and combinations that cannot be told apart."""
    found = problems({"version": 1, "name": "n", "vars": variables, "matrix": matrix, "steps": [{"type": "unfreeze"}]})
    assert any(each.code == code and message in each.message for each in found), found
    assert all(each.where is not None for each in found)


def test_as_many_as_allowed(problems: Problems) -> None:
    """Exactly the bound is valid."""
    matrix = {"a": list(range(CASES_MAX // 10)), "b": list(range(10))}
    assert problems({"version": 1, "name": "n", "matrix": matrix, "steps": [{"type": "unfreeze"}]}) == []


def test_halves_of_characters_are_a_problem_of_their_own(problems: Problems) -> None:
    """A matrix whose values cannot be named is refused like every such value."""
    text = '{"version":1,"name":"n","matrix":{"a":[["\\ud800"],1]},"steps":[{"type":"unfreeze"}]}'
    assert ["lone surrogate" in each.message for each in problems(text)] == [True]


SECRET = "hunter2-hunter2"


def test_a_secret_of_a_matrix_is_used_and_never_told(fz: Fz, scenario: WriteScenario) -> None:
    """Steps see the true value; the screen, the report and the trace do not, and the trace replays."""
    need = {"type": "assert", "that": "${password}", "length": len(SECRET)}
    scenario("m", [need, {"type": "trace_event", "name": "${password}"}], matrix={"password": [SECRET]})
    ran = fz("run", "m.fozzy.json", "--det", "--seed", "1", "--record", "t.fozzy")
    assert ran.code == 0, ran.said
    assert SECRET not in ran.said and SECRET not in Path("t.fozzy").read_text()
    ran = fz("test", "m.fozzy.json", "--det", "--seed", "1", "--json", "--record", "s.fozzy")
    assert ran.code == 0 and SECRET not in ran.said and SECRET not in Path("s.fozzy").read_text()
